import type { DeleteBotRequest, DeleteBotResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { deleteBot as decide } from '../domain/bot.js';
import { toBotMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'bots'>;

/** Deletes a bot. Clones of it go on. */
export function deleteBot({ bots }: Needs): Unary<DeleteBotRequest, DeleteBotResponse> {
  return async ({ id, etag }, { caller }) => {
    const { bot, personalSource } = await bots.change(id, askerOf(caller), decide(etag));
    return { bot: toBotMessage(bot, personalSource) };
  };
}
