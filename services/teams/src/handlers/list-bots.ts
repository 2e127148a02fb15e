import type { ListBotsRequest, ListBotsResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toBotMessage } from '../messages.js';
import { askerOf, pageOf } from './asker.js';

type Needs = Pick<Deps, 'bots'>;

/** Lists the bots of a team that the caller may see. */
export function listBots({ bots }: Needs): Unary<ListBotsRequest, ListBotsResponse> {
  return async (request, { caller }) => {
    const page = await bots.list(request.teamId, pageOf(request), askerOf(caller));
    return {
      bots: page.items.map(({ bot, personalSource }) => toBotMessage(bot, personalSource)),
      nextPageToken: page.nextPageToken,
    };
  };
}
