export {
  type Authority,
  createAuthority,
  type Issued,
  openAuthority,
  type Subject,
} from './authority.js';
