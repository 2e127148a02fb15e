export { type WatchEvent, type WatchOptions, watchClones } from './watch-clones.js';
export { type WatchFault, WatchIntegrityError } from './watch-integrity-error.js';
export { WatchVerifier } from './watch-verifier.js';
