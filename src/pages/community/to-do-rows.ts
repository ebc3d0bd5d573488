/** One thing that waits for somebody who looks after the community. */
export type ToDo =
  | { kind: 'join'; subject: string; name: string; username: string; on: string }
  | {
      kind: 'access';
      subject: string;
      serviceId: string;
      name: string;
      username: string;
      service: string;
      on: string;
    }
  | {
      kind: 'recovery';
      id: string;
      name: string;
      username: string;
      by: string;
      mayApprove: boolean;
    }
  | {
      kind: 'entry';
      subject: string;
      groupId: string;
      group: string;
      name: string;
      username: string;
      on: string;
    }
  | {
      kind: 'end';
      subject: string;
      name: string;
      what: 'membership' | 'role' | 'group';
      group?: string | undefined;
      on: string;
      /** The same a year later, as a date field has it, where one button can say so. */
      later?: string | undefined;
    }
  | { kind: 'service'; name: string; on: string }
  | { kind: 'factor'; subject: string; name: string; username: string; email?: string | undefined };
