import assert from 'node:assert/strict';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { builtInMethod } from './built-in.js';
import { codecOf } from './health.js';
import { makeTestAuthority } from './test-authority.js';
import { startTestServer } from './test-server.js';

type Answer = { readonly case: string; readonly value: Record<string, unknown> };

const VERSIONS = ['v1', 'v1alpha'] as const;

describe('reflection', () => {
  for (const version of VERSIONS) {
    it(`lists the services, in ${version}`, async () => {
      const [answer] = await ask(version, [['listServices', '']]);
      const services = answer?.value.service as readonly { readonly name: string }[];
      assert.deepEqual(services.map(({ name }) => name).sort(), [
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'test.v1.EchoService',
      ]);
    });
  }

  it('gives the file of a symbol, and all that it imports', async () => {
    const [answer] = await ask('v1', [['fileContainingSymbol', 'test.v1.EchoService']]);
    assert.deepEqual(namesOf(answer), [
      'test/v1/echo.proto',
      'google/protobuf/descriptor.proto',
      'google/protobuf/duration.proto',
      'google/protobuf/timestamp.proto',
      'buf/validate/validate.proto',
      'google/protobuf/field_mask.proto',
    ]);
  });

  const SYMBOLS: readonly (readonly [string, string])[] = [
    ['test.v1.EchoService.Echo', 'test/v1/echo.proto'],
    ['test.v1.EchoRequest', 'test/v1/echo.proto'],
    ['test.v1.EchoRequest.LabelsEntry', 'test/v1/echo.proto'],
    ['test.v1.EchoRequest.text', 'test/v1/echo.proto'],
    ['test.v1.COLOR_RED', 'test/v1/echo.proto'],
    ['test.v1.note', 'test/v1/echo.proto'],
    ['google.protobuf.Timestamp', 'google/protobuf/timestamp.proto'],
    ['buf.validate.FieldRules', 'buf/validate/validate.proto'],
    ['grpc.health.v1.Health', 'grpc/health/v1/health.proto'],
    ['grpc.reflection.v1.ServerReflection', 'grpc/reflection/v1/reflection.proto'],
  ];

  for (const [symbol, file] of SYMBOLS) {
    it(`finds ${symbol}`, async () => {
      const [answer] = await ask('v1', [['fileContainingSymbol', symbol]]);
      assert.equal(namesOf(answer)[0], file);
    });
  }

  it('keeps options of our own', async () => {
    const [answer] = await ask('v1', [['fileByFilename', 'test/v1/echo.proto']]);
    const [file] = filesOf(answer);
    const echo = file?.service[0]?.method.find(({ name }) => name === 'Echo');
    assert.deepEqual(
      echo?.options?.$unknown?.map(({ no, data }) => [no, Buffer.from(data).toString()]),
      [[50_999, '\u0002hi']],
    );
  });

  it('finds extensions', async () => {
    const options = 'google.protobuf.MethodOptions';
    const asked = { containingType: options, extensionNumber: 50_999 };
    const [file, numbers] = await ask('v1', [
      ['fileContainingExtension', asked],
      ['allExtensionNumbersOfType', options],
    ]);
    assert.equal(namesOf(file)[0], 'test/v1/echo.proto');
    assert.deepEqual(numbers?.value.extensionNumber, [50_999]);
  });

  it('says of what it does not have that it is not there, and goes on', async () => {
    const answers = await ask('v1', [
      ['fileContainingSymbol', 'test.v1.Nothing'],
      ['fileByFilename', 'nothing.proto'],
      ['allExtensionNumbersOfType', 'test.v1.Nothing'],
      ['fileByFilename', 'test/v1/echo.proto'],
    ]);
    const codes = answers.map(({ value }) => value.errorCode);
    assert.deepEqual(codes, [5, 5, 5, undefined]);
  });

  it('is open on loopback, and asks for a token where strangers can come (T19)', async () => {
    using authority = await makeTestAuthority();
    using tls = await authority.open('keys');
    await using server = await startTestServer({}, { tls, host: '0.0.0.0' });
    const address = `127.0.0.1:${server.port}`;
    const trusted = credentials.createSsl(authority.certificate);
    const caller = new Metadata();
    caller.set('caller', 'user:usr_1');

    for (const [metadata, code] of [
      [new Metadata(), status.UNAUTHENTICATED],
      [caller, status.OK],
    ] as const) {
      const { stream, client } = open(address, 'v1', { metadata, trusted });
      const ended = new Promise<{ readonly code: number }>((resolve) => {
        stream.on('status', resolve).on('error', () => undefined);
      });
      stream.write({ host: '', messageRequest: { case: 'listServices', value: '' } });
      stream.end();
      stream.resume();
      assert.equal((await ended).code, code);
      client.close();
    }
  });

  it('is held to the rate of its asker where it asks for a token', async () => {
    using authority = await makeTestAuthority();
    using tls = await authority.open('keys');
    const throttle = { callers: { perSecond: 0.001, burst: 5 } };
    await using server = await startTestServer({}, { tls, host: '0.0.0.0', throttle });
    const trusted = credentials.createSsl(authority.certificate);
    const metadata = new Metadata();
    metadata.set('caller', 'user:usr_1');
    const { stream, client } = open(`127.0.0.1:${server.port}`, 'v1', { metadata, trusted });
    for (let asked = 0; asked < 6; asked += 1) {
      stream.write({ host: '', messageRequest: { case: 'listServices', value: '' } });
    }
    const answers: unknown[] = [];
    stream.on('data', (answer) => answers.push(answer));
    const ended = await new Promise<{ readonly code: number }>((resolve) => {
      stream.on('error', resolve);
    });

    // The stream itself costs as much as a question.
    assert.deepEqual([ended.code, answers.length], [status.RESOURCE_EXHAUSTED, 4]);
    client.close();
  });

  it('does not hold up a server that stops', async () => {
    const server = await startTestServer({}, { limits: { drainMs: 60_000 } });
    const { stream, client } = open(server.address, 'v1');
    stream.write({ host: '', messageRequest: { case: 'listServices', value: '' } });
    const ended = new Promise<{ readonly code: number }>((resolve) => stream.on('error', resolve));
    await new Promise((resolve) => stream.once('data', resolve));

    await server[Symbol.asyncDispose]();

    assert.equal((await ended).code, status.UNAVAILABLE);
    client.close();
  });
});

async function ask(
  version: (typeof VERSIONS)[number],
  questions: readonly (readonly [string, unknown])[],
): Promise<readonly Answer[]> {
  await using server = await startTestServer();
  const { stream, client } = open(server.address, version);
  for (const [question, value] of questions) {
    stream.write({ host: '', messageRequest: { case: question, value } });
  }
  stream.end();
  const answers: Answer[] = [];
  for await (const { messageResponse } of stream) answers.push(messageResponse as Answer);
  client.close();
  return answers;
}

function open(
  address: string,
  version: string,
  { metadata = new Metadata(), trusted = credentials.createInsecure() } = {},
) {
  const service = `grpc.reflection.${version}.ServerReflection`;
  const { requestSerialize, responseDeserialize } = codecOf(
    builtInMethod(service, 'ServerReflectionInfo'),
  );
  const client = new Client(address, trusted);
  const path = `/${service}/ServerReflectionInfo`;
  const decode = (bytes: Buffer) => responseDeserialize(bytes) as { messageResponse: unknown };
  const stream = client.makeBidiStreamRequest(path, requestSerialize, decode, metadata);
  return { client, stream };
}

function filesOf(answer: Answer | undefined) {
  const files = (answer?.value.fileDescriptorProto ?? []) as readonly Uint8Array[];
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

function namesOf(answer: Answer | undefined): readonly string[] {
  return filesOf(answer).map(({ name }) => name);
}
