export { createDatabase, type TestDatabase } from './database.js';
export { startTestOidc, type TestOidc } from './oidc.js';
export { browse, idToken, nonceOf, partOf } from './oidc-sign-in.js';
export { type TestStack, testStack } from './stack.js';
