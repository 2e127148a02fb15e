import { Result, ResultKind } from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf, spelled } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, bytes, moment } from '../print/values.js';

/** How it is shown what clones leave. */
export function resultView(clock: Clock): View<Result> {
  return {
    shape: shape('lifecycle.v1.Result', Result),
    fields: (result) => [
      ['clone', result.cloneId],
      ['index', `${result.index}`],
      ['name', result.name],
      ['kind', kind(result)],
      ['stage', result.stage],
      ['execution', result.executionId],
      ['size', bytes(result.sizeBytes)],
      ['sha256', Buffer.from(result.sha256).toString('hex')],
      ['media type', result.mediaType],
      ['arrived', moment(result.createTime)],
      ['removed', `${result.expired ? 'yes, ' : ''}${moment(result.expireTime)}`],
    ],
    columns: [
      { title: 'INDEX', value: ({ index }) => `${index}`, right: true },
      { title: 'NAME', value: ({ name }) => name, flexible: true },
      { title: 'KIND', value: kind },
      { title: 'SIZE', value: ({ sizeBytes }) => bytes(sizeBytes), right: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'KEPT UNTIL', value: keptUntil },
    ],
  };
}

function kind(result: Result): string {
  return spelled(nameOf(ResultKind, result.kind));
}

function keptUntil({ expired, expireTime }: Result): string {
  return expired ? 'removed' : moment(expireTime);
}
