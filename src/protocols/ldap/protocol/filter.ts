/**
 * A search filter (RFC 4511 §4.5.1.7). Attribute descriptions are as the client wrote them. Assertion
 * values are text; an assertion whose bytes are not UTF-8, or more than any value has, becomes `undefined`,
 * the filter that is neither true nor false for any entry (RFC 4511 §4.5.1.7, X.511 §7.8.1).
 */
export type Filter =
  | { type: 'and' | 'or'; filters: readonly Filter[] }
  | { type: 'not'; filter: Filter }
  | { type: 'present'; attribute: string }
  | {
      type: 'equality' | 'approximate' | 'greaterOrEqual' | 'lessOrEqual';
      attribute: string;
      value: string;
    }
  | {
      type: 'substrings';
      attribute: string;
      initial: string | undefined;
      any: readonly string[];
      final: string | undefined;
    }
  | {
      type: 'extensible';
      rule: string | undefined;
      attribute: string | undefined;
      value: string;
      dnAttributes: boolean;
    }
  | { type: 'undefined' };
