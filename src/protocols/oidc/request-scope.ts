import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestContext } from './request-context.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What an ongoing request carries along to the provider's adapter and callbacks. */
export type RequestScope = { unit: UnitOfWork; context: RequestContext };

const current = new AsyncLocalStorage<RequestScope>();

/** Runs a request's work in its scope. */
export function runInScope<Result>(
  scope: RequestScope,
  work: () => Promise<Result>,
): Promise<Result> {
  return current.run(scope, work);
}

/** The scope of the request at hand. */
export function currentScope(): RequestScope {
  const scope = current.getStore();
  if (scope === undefined)
    throw new Error('sign-in state is only read and written within a request');
  return scope;
}

export function currentUnit(): UnitOfWork {
  return currentScope().unit;
}
