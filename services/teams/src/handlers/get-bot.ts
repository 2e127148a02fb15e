import type { GetBotRequest, GetBotResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toBotMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'bots'>;

/** Gets a bot that the caller may see, with the caller's personal source. */
export function getBot({ bots }: Needs): Unary<GetBotRequest, GetBotResponse> {
  return async ({ id }, { caller }) => {
    const { bot, personalSource } = await bots.get(id, askerOf(caller));
    return { bot: toBotMessage(bot, personalSource) };
  };
}
