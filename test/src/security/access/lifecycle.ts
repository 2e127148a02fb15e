import { all, always, but, DENIED, managing, type Row, type Target, type Verdicts } from './row.js';

const CLONE = 'CLONE_NOT_FOUND';
const EXECUTION = 'EXECUTION_NOT_FOUND';
const RESULT = 'RESULT_NOT_FOUND';
/** In base64. */
const SHA256_OF_NOTHING = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const BOT = 'BOT_NOT_FOUND';
const TEAM = 'TEAM_NOT_FOUND';
const WEBHOOK = 'WEBHOOK_NOT_FOUND';
const TEMPLATE = 'TEMPLATE_NOT_FOUND';

/** What those get who may look at a clone. Everybody else finds none. */
function lookingAtAClone(verdict: string): Partial<Record<Target, Verdicts>> {
  return managing(CLONE, verdict);
}

/** What those get who may change a template; `member` is for a MEMBER of its team, who sees it. */
function template(member: string, verdict: string): Partial<Record<Target, Verdicts>> {
  return { ...managing(TEMPLATE, verdict), own: [TEMPLATE, member, verdict, verdict, verdict] };
}

/** What those get who act for an owner. */
function actingFor(verdict: string): Partial<Record<Target, Verdicts>> {
  return {
    own: [DENIED, DENIED, verdict, verdict, verdict],
    foreign: but(DENIED, verdict),
    missing: but(DENIED, verdict),
  };
}

/** Who may do what at lifecycle. */
export const LIFECYCLE: readonly Row[] = [
  {
    rpc: 'ramet.lifecycle.v1.CloneService/CreateClone',
    request: ({ botId, teamId }) => ({ owner: { teamId }, botId, validateOnly: true }),
    people: {
      own: [BOT, DENIED, 'ok', 'ok', DENIED],
      foreign: but(BOT, DENIED),
      missing: all(BOT),
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/GetClone',
    request: ({ cloneId }) => ({ id: cloneId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ListClones',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/WatchClones',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/WaitClone',
    request: ({ cloneId }) => ({ id: cloneId, phases: ['CLONE_PHASE_RUNNING'] }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/StopClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: lookingAtAClone('ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/DeleteClone',
    request: ({ cloneId }) => ({ id: cloneId, etag: 'stale' }),
    people: lookingAtAClone('ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/GetCloneExecutionInformation',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/ListCloneHistory',
    request: ({ cloneId }) => ({ cloneId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/StreamCloneLogs',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneService/GetQuota',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: {
      own: [DENIED, DENIED, 'ok', 'ok', 'ok'],
      foreign: but(DENIED, 'ok'),
      missing: but(DENIED, 'ok'),
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.TemplateService/CreateTemplate',
    request: ({ teamId }) => ({
      owner: { teamId },
      name: 'web',
      kind: 'CLONE_KIND_BOT',
      spec: { stages: [{ name: 'main' }] },
      validateOnly: true,
    }),
    people: actingFor('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.TemplateService/GetTemplate',
    request: ({ templateId }) => ({ id: templateId }),
    people: template('ok', 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.TemplateService/ListTemplates',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.TemplateService/UpdateTemplate',
    request: ({ templateId }) => ({ id: templateId, etag: 'stale', description: 'x' }),
    people: template(DENIED, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.TemplateService/DeleteTemplate',
    request: ({ templateId }) => ({ id: templateId, etag: 'stale' }),
    people: template(DENIED, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.OverrideService/GetOwnerOverrides',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: actingFor('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.OverrideService/UpdateOwnerOverrides',
    request: ({ teamId }) => ({
      owner: { teamId },
      etag: 'stale',
      changes: [{ name: 'LEVEL', scope: 'OVERRIDE_SCOPE_APP', value: 'debug' }],
    }),
    people: actingFor('ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/CreateWebhook',
    request: ({ teamId }) => ({
      owner: { teamId },
      name: 'pager',
      url: 'https://example.com/hook',
      validateOnly: true,
    }),
    people: {
      own: [TEAM, TEAM, 'ok', 'ok', 'ok'],
      foreign: but(TEAM, 'ok'),
      missing: but(TEAM, 'ok'),
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/GetWebhook',
    request: ({ webhookId }) => ({ id: webhookId }),
    people: managing(WEBHOOK, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/ListWebhooks',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/UpdateWebhook',
    request: ({ webhookId }) => ({ id: webhookId, etag: 'stale', updateMask: 'disabled' }),
    people: managing(WEBHOOK, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/RotateWebhookSecret',
    request: ({ webhookId }) => ({ id: webhookId }),
    people: managing(WEBHOOK, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/DeleteWebhook',
    request: ({ webhookId }) => ({ id: webhookId, etag: 'stale' }),
    people: managing(WEBHOOK, 'ETAG_STALE'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/PingWebhook',
    request: ({ webhookId }) => ({ id: webhookId }),
    people: managing(WEBHOOK, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/ListWebhookDeliveries',
    request: ({ webhookId }) => ({ webhookId }),
    people: managing(WEBHOOK, 'ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.WebhookService/RedeliverWebhook',
    request: ({ webhookId, deliveryId }) => ({ webhookId, deliveryId }),
    people: managing(WEBHOOK, 'ok'),
  },
  {
    // Another instance of the runner has claimed the execution: a token alone does not take it over.
    rpc: 'ramet.lifecycle.v1.ExecutionReportService/UpdateExecution',
    request: ({ executionId }) => ({ executionId, epoch: 1, instance: 'another', started: true }),
    machines: {
      runner: ['EPOCH_STALE', EXECUTION, EXECUTION],
      otherRunner: [EXECUTION, 'EPOCH_STALE', EXECUTION],
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.ExecutionReportService/CompleteCloneExecution',
    request: ({ executionId }) => ({ executionId, epoch: 1 }),
    machines: {
      runner: ['ok', EXECUTION, EXECUTION],
      otherRunner: [EXECUTION, 'ok', EXECUTION],
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.ExecutionReportService/UploadResult',
    request: ({ executionId }) => ({
      header: {
        ...{ executionId, epoch: 1, name: 'out/empty.txt', kind: 'RESULT_KIND_OUTPUT' },
        ...{ sizeBytes: 0, sha256: SHA256_OF_NOTHING },
      },
    }),
    machines: {
      runner: ['ok', EXECUTION, EXECUTION],
      otherRunner: [EXECUTION, 'ok', EXECUTION],
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.ExecutionReportService/FetchInput',
    request: ({ executionId }) => ({ executionId, epoch: 1, name: 'undeclared' }),
    machines: {
      runner: [RESULT, EXECUTION, EXECUTION],
      otherRunner: [EXECUTION, RESULT, EXECUTION],
    },
  },
  {
    rpc: 'ramet.lifecycle.v1.ResultService/ListResults',
    request: ({ cloneId }) => ({ cloneId }),
    people: lookingAtAClone('ok'),
  },
  {
    rpc: 'ramet.lifecycle.v1.ResultService/GetResult',
    request: ({ cloneId }) => ({ cloneId, index: 99_999 }),
    people: lookingAtAClone(RESULT),
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneDirectoryService/GetCloneTeamAndBot',
    request: ({ cloneId }) => ({ cloneId }),
    machines: { keys: ['ok', 'ok', CLONE] },
  },
  {
    rpc: 'ramet.lifecycle.v1.CloneDirectoryService/CheckEpoch',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId, epoch: 1 }),
    machines: { teams: ['ok', 'ok', 'ok'] },
  },
];
