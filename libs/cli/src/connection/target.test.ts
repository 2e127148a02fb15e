import assert from 'node:assert/strict';
import { UsageError } from '../usage-error.js';
import { chooseTarget, type Sources } from './target.js';

const MESH = { teams: '127.0.0.1:1', keys: '127.0.0.1:2', lifecycle: '127.0.0.1:3' };
const OFFICE = { teams: 'office:1', keys: 'office:2', lifecycle: 'office:3' };
const PROFILE = { endpoints: OFFICE, apiKey: 'rk_office' };

const NOTHING: Sources = {
  options: {},
  env: {},
  config: { current: '', profiles: {} },
  meshFile: undefined,
  readMesh: () => MESH,
};
const LOGGED_IN: Sources = {
  ...NOTHING,
  config: { current: 'office', profiles: { office: PROFILE } },
};
const IN_HOUSE: Sources = { ...NOTHING, meshFile: '/house/.ramet/mesh.json' };
const BOTH: Sources = { ...LOGGED_IN, meshFile: '/house/.ramet/mesh.json' };

const credentialOf = (name: string) => ({ from: 'mesh', meshFile: IN_HOUSE.meshFile, name });

const CASES: readonly (readonly [string, Sources, object])[] = [
  ['nothing where nothing is known', NOTHING, { endpoints: {}, credential: undefined }],
  [
    'the profile',
    LOGGED_IN,
    { endpoints: OFFICE, credential: { from: 'value', apiKey: 'rk_office' } },
  ],
  ['the mesh as user', IN_HOUSE, { endpoints: MESH, credential: credentialOf('user') }],
  ['the profile before a mesh in reach', BOTH, chooseTarget(LOGGED_IN)],
  [
    'the mesh before the profile where --as asks for it',
    { ...BOTH, options: { as: 'admin' } },
    { endpoints: MESH, credential: credentialOf('admin') },
  ],
  [
    'a variable before the profile, an option before the variable',
    {
      ...LOGGED_IN,
      env: { RAMET_TEAMS: 'env:1', RAMET_KEYS: 'env:2' },
      options: { keysAddress: 'opt:2' },
    },
    {
      endpoints: { teams: 'env:1', keys: 'opt:2', lifecycle: 'office:3' },
      credential: { from: 'value', apiKey: 'rk_office' },
    },
  ],
  [
    'the API key of the environment before the profile',
    { ...LOGGED_IN, env: { RAMET_API_KEY: ' rk_env\n' } },
    { endpoints: OFFICE, credential: { from: 'value', apiKey: 'rk_env' } },
  ],
  [
    'the key file before the API key of the environment',
    { ...LOGGED_IN, env: { RAMET_API_KEY: 'rk_env' }, options: { apiKeyFile: '/key' } },
    { endpoints: OFFICE, credential: { from: 'file', path: '/key' } },
  ],
  [
    '--as before the API key of the environment',
    { ...IN_HOUSE, env: { RAMET_API_KEY: 'rk_env' }, options: { as: 'user' } },
    { endpoints: MESH, credential: credentialOf('user') },
  ],
];

const REFUSED: readonly (readonly [string, Sources])[] = [
  ['a profile that is not there', { ...LOGGED_IN, options: { profile: 'home' } }],
  ['a profile named as a part of every object', { ...LOGGED_IN, options: { profile: 'toString' } }],
  ['--as where there is no mesh', { ...LOGGED_IN, options: { as: 'user' } }],
  ['--profile beside --as', { ...BOTH, options: { profile: 'office', as: 'user' } }],
];

describe('chooseTarget', () => {
  for (const [name, sources, target] of CASES) {
    it(`takes ${name}`, () => {
      assert.deepEqual(chooseTarget(sources), target);
    });
  }
  for (const [name, sources] of REFUSED) {
    it(`refuses ${name}`, () => {
      assert.throws(() => chooseTarget(sources), UsageError);
    });
  }
});
