// Goal: the grpcurl session of the README works as it is printed.
// Method: its lines run in a shell where `grpcurl` is made of `buf curl`, against real gRPC servers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Clone, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { API_KEY, startTestMesh } from './test-mesh.js';

const HOUSE = fileURLToPath(new URL('../../../', import.meta.url));
const GRPCURL = `
set -eu -o pipefail
grpcurl() {
  local headers=() data=()
  while [ $# -gt 0 ]; do
    case $1 in
      -plaintext) ;;
      -d) data=(-d "\${2/#@/@-}"); shift ;;
      -H) headers+=(-H "$2"); shift ;;
      *) break ;;
    esac
    shift
  done
  case $2 in
    list) set -- "$1" --list-services "http://$1" ;;
    describe) set -- "$1" --list-methods "http://$1" ;;
    *) set -- "$1" "\${headers[@]}" "\${data[@]}" "http://$1/$2" ;;
  esac
  "$BUF" curl --protocol grpc --http2-prior-knowledge "\${@:2}"
}
`;

describe('the README', () => {
  it('shows a grpcurl session that works', async () => {
    await using mesh = await startTestMesh({
      clones: {
        listClones: async () => ({
          clones: [Clone.fromPartial({ id: 'cln_1', phase: ClonePhase.RUNNING })],
          nextPageToken: '',
        }),
      },
    });
    const folder = await mkdtemp(join(tmpdir(), 'ramet-readme-'));
    await mkdir(join(folder, '.ramet', 'credentials'), { recursive: true });
    await writeFile(join(folder, '.ramet', 'credentials', 'user'), API_KEY);
    const ports = { teams: mesh.port, lifecycle: mesh.port };
    await writeFile(join(folder, '.ramet', 'mesh.json'), JSON.stringify({ ports }));

    const { stdout } = await promisify(execFile)('bash', ['-c', GRPCURL + (await session())], {
      cwd: folder,
      env: { ...inherited(), BUF: join(HOUSE, 'node_modules', '.bin', 'buf') },
    });

    assert.match(stdout, /^ramet\.lifecycle\.v1\.CloneService$/m);
    assert.match(stdout, /"name": "ada"/);
    assert.match(stdout, /"phase": "CLONE_PHASE_RUNNING"/);
    await rm(folder, { recursive: true });
  });
});

async function session(): Promise<string> {
  const text = await readFile(join(HOUSE, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, lines = '']) => lines);
  const [found] = blocks.filter((lines) => lines.includes('grpcurl'));
  assert.ok(found, 'the README has no grpcurl session');
  return found;
}

/** What programs need of the surroundings of the tests. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}
