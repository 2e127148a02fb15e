export { backoff } from './backoff.js';
export {
  type Clock,
  type Pass,
  type Reconciler,
  type ReconcilerOptions,
  startReconciler,
} from './reconciler.js';
