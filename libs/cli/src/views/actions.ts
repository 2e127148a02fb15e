import { Action, ActionOutcome, GetActionLogResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import type { Paint } from '../print/paint.js';
import { age, moment, ownerId, span } from '../print/values.js';

/** How it is shown what people did to clones. */
export function actionView(clock: Clock, paint: Paint): View<Action> {
  return {
    shape: shape('lifecycle.v1.Action', Action),
    fields: actionFields,
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'ACTION', value: ({ name }) => name },
      { title: 'CLONE', value: ({ cloneName, cloneId }) => cloneName || cloneId },
      { title: 'BY', value: ({ actor }) => actor },
      { title: 'AGE', value: ({ startTime }) => age(startTime, clock) },
      { title: 'TOOK', value: ({ duration }) => span(duration), right: true },
      { title: 'OUTCOME', value: outcome, paint: paint.state },
      { title: 'MESSAGE', value: ({ message }) => message, flexible: true },
    ],
  };
}

/** How one action is shown. What was printed during it is shown beside. */
export function actionLogView(): View<GetActionLogResponse> {
  return {
    shape: shape('lifecycle.v1.GetActionLogResponse', GetActionLogResponse),
    fields: ({ action }) => (action ? actionFields(action) : []),
    columns: [],
  };
}

function actionFields(action: Action): readonly Field[] {
  return [
    ['id', action.id],
    ['action', action.name],
    ['clone', action.cloneId],
    ['called', action.cloneName],
    ['owner', ownerId(action.owner)],
    ['by', action.actor],
    ['because', action.reason],
    ['with', action.parameters],
    ['accepted', moment(action.startTime)],
    ['over', moment(action.endTime)],
    ['took', span(action.duration)],
    ['outcome', outcome(action)],
    ['message', action.message],
    ['change', `${action.seq}`],
    ['trace', action.traceId],
  ];
}

function outcome(action: Action): string {
  return nameOf(ActionOutcome, action.outcome);
}
