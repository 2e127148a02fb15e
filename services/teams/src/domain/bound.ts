import { conflict } from '@ramet/errors';
import type { Role } from './role.js';

/** Throws SERVICE_ACCOUNT_BOUND unless the user is a person, or has this role in their own team. */
export function requireUnbound(
  { id, homeTeamId }: { readonly id: string; readonly homeTeamId: string | null },
  place?: { readonly teamId: string; readonly role: Role },
): void {
  if (homeTeamId === null) return;
  if (place && place.teamId === homeTeamId && place.role !== 'owner') return;
  const message = 'a service account is in its own team, as ADMIN or MEMBER, and nowhere else';
  throw conflict('SERVICE_ACCOUNT_BOUND', { kind: 'user', id }, message);
}
