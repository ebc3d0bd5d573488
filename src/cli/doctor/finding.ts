/** One line of the doctor: all is well, worth a look, or broken. */
export type Finding = { level: 'ok' | 'warning' | 'fault'; text: string };

export const ok = (text: string): Finding => ({ level: 'ok', text });
export const warn = (text: string): Finding => ({ level: 'warning', text });
export const fail = (text: string): Finding => ({ level: 'fault', text });
