/** The request at hand is not this member's to answer any more. */
export class StaleInteractionError extends Error {
  override readonly name = 'StaleInteractionError';
}
