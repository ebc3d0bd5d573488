import type { TotpSetup } from '../../domain/second-factors/totp-setup.ts';
import type { OthersQuestion } from '../components/other-sessions-field.ts';

type Form = { action: string; csrf: string };

/** Pages of authenticator apps, recovery codes, and of what a community asks for. */
export type TwoFactorPage =
  | {
      page: 'account/two-factors';
      base: string;
      csrf: string;
      totp: { added: string; lastUsed?: string | undefined } | undefined;
      passkeys: number;
      /** Undefined where there is nothing yet that they could stand in for. */
      codes: { left: number; few: boolean } | undefined;
      /** What the community asks of the member. */
      required: { date?: string | undefined } | undefined;
      notice?: 'totp-added' | 'totp-removed' | undefined;
      fault?: 'required' | 'short-password' | undefined;
    }
  | ({
      page: 'account/totp';
      replaces: boolean;
      others: OthersQuestion;
      fault?: 'code' | 'expired' | undefined;
    } & Form &
      TotpSetup)
  | {
      page: 'account/recovery-codes';
      action: string;
      csrf: string;
      left: number;
      few: boolean;
      /** Whether the first second factor was just set up: the codes are its last step. */
      first: boolean;
    }
  | {
      page: 'account/recovery-codes-made';
      csrf: string;
      codes: string[];
      downloadUrl: string;
      doneUrl: string;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    twoFactor: TwoFactorPage;
  }
}
