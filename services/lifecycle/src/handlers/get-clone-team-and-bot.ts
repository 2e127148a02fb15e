import type {
  GetCloneTeamAndBotRequest,
  GetCloneTeamAndBotResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toCloneMessage } from '../messages.js';

type Needs = Pick<Deps, 'directory' | 'failpoints'>;

type Request = GetCloneTeamAndBotRequest;
type Response = GetCloneTeamAndBotResponse;

/** Tells keys whose clone it is, and of which bot and team. */
export function getCloneTeamAndBot({ directory, failpoints }: Needs): Unary<Request, Response> {
  return async ({ cloneId }) => {
    const clone = await directory.get(cloneId, 'all');
    failpoints.hit('lifecycle.team_and_bot_read');
    // Keys needs to know whose it is, not what it is told.
    return { clone: { ...toCloneMessage(clone), parameters: [], labels: {} } };
  };
}
