import { createClone, createKey, untilPrinted } from '../stories/support/clones.js';
import { startWorld } from '../stories/support/world.js';

/** What a launcher tells of what runs in its mesh. */
export interface Launched {
  readonly id: string;
  readonly apiKey: string;
  readonly keyId: string;
  /** A clone that signs for as long as it may. */
  readonly signing: string;
  /** A clone that waits to be stopped. */
  readonly staying: string;
}

// A program: starts a mesh in the folder that it is given, with clones that run, tells of them on
// its output, and goes on until it is killed.
const [, , stateDir = ''] = process.argv;
const world = await startWorld({ stateDir });
const crew = await world.createCrew('launched');
const { id, apiKey, api, owner } = crew.owner;
const keyId = await createKey(api, owner);
const signs = { keyId, does: { sign: 'forever', pause: '50' } };
const { id: signing } = await createClone(api, crew, owner, signs);
const { id: staying } = await createClone(api, crew, owner, { does: { stay: '' } });
await untilPrinted(crew.owner, signing, 'signed 1');
await untilPrinted(crew.owner, staying, 'staying');

const launched: Launched = { id, apiKey, keyId, signing, staying };
console.info(JSON.stringify(launched));
