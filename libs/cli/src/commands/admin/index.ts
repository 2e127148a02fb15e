import type { Command } from 'commander';
import type { Act } from '../../context.js';
import { addAdminClones } from './clones.js';
import { addIdentities } from './identities.js';
import { addAdminLogs } from './logs.js';
import { addProviders } from './providers.js';
import { addAdminQuotas } from './quotas.js';
import { addAdminSeal } from './seal.js';
import { addStandings } from './standings.js';
import { addAdminUsers } from './users.js';

/** Adds `admin` to the command. */
export function addAdmin(program: Command, act: Act): void {
  const admin = program.command('admin').description('what only administrators do');
  addStandings(admin, act);
  addAdminClones(admin, act);
  addAdminQuotas(admin, act);
  addIdentities(admin, act);
  addAdminSeal(admin, act);
  addAdminUsers(admin, act);
  addAdminLogs(admin, act);
  addProviders(admin, act);
}
