import { CloneChanged, type ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import type { Clone } from './domain/clone.js';
import type { Release } from './domain/release.js';
import type { Source } from './domain/spec.js';
import { toCloneMessage, toPhaseMessage } from './messages.js';
import { toSourceMessage, toStageMessage } from './spec-messages.js';

/** A clone was accepted or has changed. Carries all of it, so that nobody has to call back. */
export function cloneChanged(clone: Clone): Buffer {
  const { release, candidate, formerPhase, action } = clone;
  const source = sourceOf(release);
  const message = CloneChanged.encode({
    clone: toCloneMessage(clone),
    source: source && toSourceMessage(source),
    maxSignatures: clone.maxSignatures,
    stages: release.stages.map(toStageMessage),
    candidateStages: candidate?.stages.map(toStageMessage) ?? [],
    releases: clone.releases,
    provenRelease: clone.provenRelease,
    restart: clone.restart ?? '',
    runEpoch: clone.runEpoch,
    freshStorage: clone.freshStorage,
    actionName: action?.name ?? '',
    formerPhase: formerPhase ? toPhaseMessage(formerPhase) : NO_PHASE,
  });
  return Buffer.from(message.finish());
}

const NO_PHASE: ClonePhase = 0;

/** What the last stage of a release runs. */
function sourceOf({ stages }: Release): Source | undefined {
  const work = stages.findLast((stage) => stage.work.kind === 'source')?.work;
  return work?.kind === 'source' ? work.source : undefined;
}
