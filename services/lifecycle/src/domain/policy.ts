import { invalid, type Violation } from '@ramet/errors';
import type { Policy } from './spec.js';

const DAY_MS = 24 * 60 * 60_000;

/** What holds where neither a template nor a clone says. */
export const POLICY_DEFAULTS = {
  expiryGraceMs: 14 * DAY_MS,
  resultRetentionMs: 30 * DAY_MS,
  archiveRetentionMs: 14 * DAY_MS,
  startWithinMs: 10 * 60_000,
} as const satisfies Policy;

const PARTS = [
  ['expireAfterMs', 'expire_after'],
  ['expiryGraceMs', 'expiry_grace'],
  ['extendUpToMs', 'extend_up_to'],
  ['idleAfterMs', 'idle_after'],
  ['resultRetentionMs', 'result_retention'],
  ['archiveRetentionMs', 'archive_retention'],
] as const satisfies readonly (readonly [keyof Policy, string])[];

/**
 * What holds for a clone: what is asked, and the template's where nothing is.
 *
 * An owner may have less than the template gives, and never more. Throws REQUEST_INVALID with all
 * fields that ask for more.
 */
export function policyOf(template: Policy, asked: Policy): Policy {
  const violations = policyViolations(template, asked);
  if (violations.length > 0) throw invalid(...violations);
  return { ...template, ...asked };
}

/** Everything that a clone asks for beyond its template. */
export function policyViolations(template: Policy, asked: Policy): readonly Violation[] {
  const limits = mostOf(template);
  return PARTS.flatMap(([part, field]) => {
    const [wanted, most] = [asked[part], limits[part]];
    if (wanted === undefined || most === undefined || wanted <= most) return [];
    const description = `must be at most ${most / 1_000} s, as its template has it`;
    return [{ field: `policy.${field}`, description }];
  });
}

/**
 * The most that a clone may ask for. What is not here is for its owner to say: without an expiry of
 * the template's, all that is about expiry.
 */
function mostOf(template: Policy): Policy {
  const { expiryGraceMs, extendUpToMs, ...rest } = template;
  if (template.expireAfterMs === undefined) return rest;
  return {
    ...rest,
    expiryGraceMs: expiryGraceMs ?? POLICY_DEFAULTS.expiryGraceMs,
    extendUpToMs: extendUpToMs ?? 0,
  };
}
