import { metrics } from '@opentelemetry/api';
import type { Logger } from '@ramet/telemetry';
import type { Reuse } from '../domain/login.js';

/** Makes the function that tells the operator, by the log and a counter, of a refresh token that was stolen. */
export function createReuseAlarm(logger: Logger): (reuse: Reuse) => void {
  const reused = metrics.getMeter('@ramet/teams').createCounter('teams_refresh_tokens_reused', {
    description: 'Logins that have ended because a refresh token was shown again.',
  });
  return ({ userId, loginId }) => {
    reused.add(1);
    logger.warn('a refresh token was shown again: its login has ended', {
      user_id: userId,
      login_id: loginId,
    });
  };
}
