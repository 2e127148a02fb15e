// Makes libs/proto-gen out of proto/: third-party protos, the image, the code.
import { spawnSync } from 'node:child_process';
import { accessSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printValidateProto } from './print-validate-proto.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const THIRD_PARTY = join(ROOT, 'libs/proto-gen/third-party');
const IMAGE = 'libs/proto-gen/image.binpb';
const require = createRequire(import.meta.url);

rmSync(THIRD_PARTY, { recursive: true, force: true });
copy('google-proto-files/package.json', 'google/rpc/status.proto', 'google/rpc/status.proto');
copy(
  'google-proto-files/package.json',
  'google/rpc/error_details.proto',
  'google/rpc/error_details.proto',
);
copy(
  'grpc-health-check/package.json',
  'proto/health/v1/health.proto',
  'grpc/health/v1/health.proto',
);
const reflection = 'build/proto/grpc/reflection';
copy(
  '@grpc/reflection/package.json',
  `${reflection}/v1/reflection.proto`,
  'grpc/reflection/v1/reflection.proto',
);
copy(
  '@grpc/reflection/package.json',
  `${reflection}/v1alpha/reflection.proto`,
  'grpc/reflection/v1alpha/reflection.proto',
);
mkdirSync(join(THIRD_PARTY, 'buf/validate'), { recursive: true });
printValidateProto(join(THIRD_PARTY, 'buf/validate/validate.proto'));

run('buf', 'build', '-o', IMAGE, '--as-file-descriptor-set', '--exclude-source-info');
run('buf', 'generate');

function copy(packageJson, from, to) {
  const target = join(THIRD_PARTY, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(packageRoot(packageJson), from), target);
}

// Some packages do not export their package.json, so the folder is looked up instead.
function packageRoot(packageJson) {
  const name = packageJson.replace('/package.json', '');
  for (const folder of require.resolve.paths(name) ?? []) {
    const root = join(folder, name);
    try {
      accessSync(root);
      return root;
    } catch {}
  }
  throw new Error(`${name} is not installed: run npm ci`);
}

function run(command, ...args) {
  const bin = join(ROOT, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status } = spawnSync(join(bin, command), args, { cwd: ROOT, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
