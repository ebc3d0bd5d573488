import { checkPassword, hashPassword } from '../../src/domain/people/password.ts';
import type { PasswordChecks } from '../../src/domain/people/passwords.ts';

/** Work on passwords without a place, for tests that ask for nothing else. */
export const PASSWORD_CHECKS: PasswordChecks = { check: checkPassword, hash: hashPassword };
