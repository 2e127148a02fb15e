export { createDatabase, type TestDatabase } from './database.js';
export { startTestOidc, type TestOidc } from './oidc.js';
export { type TestStack, testStack } from './stack.js';
