export { createDatabase, type TestDatabase } from './database.js';
export { type TestStack, testStack } from './stack.js';
