import type { Community } from './community.ts';

/** Whether newcomers may come in by themselves, be it that somebody decides then. */
export function isOpenToNewcomers({ registration }: Pick<Community, 'registration'>): boolean {
  return registration === 'open' || registration === 'approval';
}
