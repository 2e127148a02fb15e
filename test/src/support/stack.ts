/** The servers that all tests of a run share. */
export interface TestStack {
  /** The superuser's address of a database, with the password. */
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly natsToken: string;
  /** The program of a NATS server, for a test that starts one of its own. */
  readonly natsProgram: string;
}

/** The servers of this run, which mocha's fixtures have started. */
export function testStack(): TestStack {
  return {
    databaseUrl: given('TEST_DATABASE_URL'),
    natsUrl: given('TEST_NATS_URL'),
    get natsToken() {
      return given('TEST_NATS_TOKEN');
    },
    get natsProgram() {
      return given('TEST_NATS_BIN');
    },
  };
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests from the root`);
  return value;
}
