export { type Credentials, makeCredentials } from './bootstrap.js';
export { type Layout, layoutOf, type ServiceName } from './layout.js';
export { type Endpoint, type Mesh, type MeshOptions, startMesh } from './mesh.js';
