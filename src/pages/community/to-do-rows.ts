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
  | { kind: 'service'; name: string; on: string }
  | { kind: 'factor'; subject: string; name: string; username: string; email?: string | undefined };
