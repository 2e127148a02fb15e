import type { Owner } from '../domain/bot.js';
import { type Kind, noStanding, type OwnerStanding } from '../domain/owner-standing.js';

/** The columns of a standing, as SQL over `standing s`, which may be joined from the left. */
export const STANDING = `
  s.denied_reason as "deniedReason", s.denied_by as "deniedBy", s.denied_at as "deniedAt",
  s.access_kinds as "accessKinds", s.access_reason as "accessReason",
  s.access_by as "accessBy", s.access_at as "accessAt",
  s.actor, s.reason, s.updated_at as "updatedAt", s.seq as revision`;

/** What STANDING reads. All null: the owner never was on a list. */
export interface StandingRow {
  readonly deniedReason: string | null;
  readonly deniedBy: string | null;
  readonly deniedAt: Date | null;
  readonly accessKinds: readonly Kind[] | null;
  readonly accessReason: string | null;
  readonly accessBy: string | null;
  readonly accessAt: Date | null;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly updatedAt: Date | null;
  readonly revision: number | null;
}

/** Makes an owner's standing of its row. */
export function toStanding(owner: Owner, row: StandingRow): OwnerStanding {
  const { actor, reason, updatedAt, revision } = row;
  if (actor === null || reason === null || revision === null) return noStanding(owner);
  return {
    owner,
    denial: denialIn(row),
    access: accessIn(row),
    actor,
    reason,
    updatedAt,
    revision,
  };
}

function denialIn(row: StandingRow): OwnerStanding['denial'] {
  const { deniedReason: reason, deniedBy: actor, deniedAt: at } = row;
  return reason === null || actor === null || at === null ? null : { reason, actor, at };
}

function accessIn(row: StandingRow): OwnerStanding['access'] {
  const { accessKinds: kinds, accessReason: reason, accessBy: actor, accessAt: at } = row;
  if (kinds === null || reason === null || actor === null || at === null) return null;
  return { kinds, reason, actor, at };
}
