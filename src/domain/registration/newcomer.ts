/** What somebody who comes in typed. */
export type Newcomer = {
  username: string;
  displayName: string;
  givenName: string;
  familyName: string;
  /** Where the form asks for one. */
  email: string;
  password: string;
  answers: Answer[];
};

/** An answer with the question as it was asked. */
export type Answer = { field: string; question: string; required: boolean; answer: string };
