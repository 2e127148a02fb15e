import { denied, PublicError } from '@ramet/errors';
import type { Caller } from './call.js';
import type { Contract, Rule, RuleCaller } from './contract.js';

/** The rule of a method. Throws if the contract has none: such a method is not served. */
export function ruleOf(contract: Contract, path: string): Rule {
  const rule = contract.rules.get(path);
  if (!rule || rule.callers.length === 0) throw new Error(`no permission is declared for ${path}`);
  return rule;
}

/**
 * Throws unless the rule lets the caller in, and the caller's token is good for it.
 *
 * What the caller may then see and change is for the handler to decide.
 */
export function permit(rule: Rule, caller: Caller): void {
  if (rule.callers.some((kind) => isLetIn(kind, rule, caller))) {
    if (caller.scopes) requireScope(rule, caller.scopes);
    return;
  }

  if (caller.kind === 'anonymous') {
    throw new PublicError('unauthenticated', 'TOKEN_MISSING', 'this call needs a token', {
      metadata: { action: rule.action },
    });
  }
  throw denied(rule.action, `a ${caller.kind} may not do this: ${rule.action}`);
}

/** What is for anyone needs no token, and so none that is good for it. */
function requireScope({ action, callers, anyScope }: Rule, scopes: readonly string[]): void {
  if (anyScope || callers.includes('anyone')) return;
  if (scopes.some((scope) => isInScope(scope, action))) return;
  throw new PublicError('permission_denied', 'SCOPE_MISSING', `the token is not for ${action}`, {
    metadata: { action },
  });
}

function isInScope(scope: string, action: string): boolean {
  return scope.endsWith('.*') ? action.startsWith(scope.slice(0, -1)) : action === scope;
}

function isLetIn(kind: RuleCaller, rule: Rule, caller: Caller): boolean {
  switch (kind) {
    case 'anyone':
      return true;
    case 'user':
    case 'workload':
      return caller.kind === kind;
    case 'admin':
      return caller.kind === 'user' && caller.admin;
    case 'service':
      return caller.kind === 'service' && rule.services.includes(caller.id);
  }
}
