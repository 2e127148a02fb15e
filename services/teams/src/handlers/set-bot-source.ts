import type { SetBotSourceRequest, SetBotSourceResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { setSource } from '../domain/bot.js';
import { toBotMessage, toOwner, toProgram } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'bots'>;
type SetBotSource = Unary<SetBotSourceRequest, SetBotSourceResponse>;

/** Sets what clones of a bot run. */
export function setBotSource({ bots }: Needs): SetBotSource {
  return async ({ id, owner, source }, { caller }) => {
    const decide = setSource(toOwner(owner), toProgram(source, 'source'), caller.id);
    const { bot, personalSource } = await bots.change(id, askerOf(caller), decide);
    return { bot: toBotMessage(bot, personalSource) };
  };
}
