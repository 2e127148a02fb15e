import { EntitySchema } from 'typeorm';
import type { CloneKind } from '../domain/clone.js';

/** How many clones of a kind an owner has, and may have if that is not the default. */
interface QuotaRow {
  readonly ownerId: string;
  readonly kind: CloneKind;
  readonly resource: string;
  readonly ownLimit: number | null;
  readonly used: number;
}

/** How a quota lies in Postgres. migrations/0001_clone.sql has the constraints and why. */
export const QuotaTable = new EntitySchema<QuotaRow>({
  name: 'quota',
  columns: {
    ownerId: { type: 'text', name: 'owner_id', primary: true },
    kind: { type: 'text', primary: true },
    resource: { type: 'text', primary: true },
    ownLimit: { type: 'integer', name: 'own_limit', nullable: true },
    used: { type: 'integer' },
  },
});
