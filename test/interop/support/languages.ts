/** What a visitor reads, in the two languages of the hub. */
export type Words = {
  language: string;
  locale: string;
  lang: string;
  username: string;
  password: string;
  signIn: string;
  wrong: RegExp;
  allow: string;
  refuse: string;
  email: RegExp;
  closedGroup: RegExp;
  whom: string;
  hello: RegExp;
  stay: string;
  signOut: string;
  signedOut: RegExp;
  deviceCode: string;
  deviceContinue: string;
  deviceConfirm: string;
  deviceWarning: RegExp;
  deviceUnknown: RegExp;
  deviceDone: string;
  expired: string;
};

export const FRENCH: Words = {
  language: 'French',
  locale: 'fr-FR',
  lang: 'fr',
  username: 'Identifiant ou adresse e-mail',
  password: 'Mot de passe',
  signIn: 'Se connecter',
  wrong: /L’identifiant ou le mot de passe ne convient pas/,
  allow: 'Autoriser',
  refuse: 'Refuser',
  email: /Adresse e-mail/,
  closedGroup: /réservé au groupe bureau/,
  whom: 'À qui demander ?',
  hello: /Bonjour/,
  stay: 'Rester connecté·e',
  signOut: 'Se déconnecter',
  signedOut: /Vous êtes déconnecté·e/,
  deviceCode: 'Code',
  deviceContinue: 'Continuer',
  deviceConfirm: 'Oui, c’est mon appareil',
  deviceWarning: /Si quelqu’un vous a envoyé ce code, refusez/,
  deviceUnknown: /Ce code ne convient pas/,
  deviceDone: 'Appareil connecté',
  expired: 'Cette demande a expiré',
};

export const ENGLISH: Words = {
  language: 'English',
  locale: 'en-GB',
  lang: 'en',
  username: 'Username or e-mail address',
  password: 'Password',
  signIn: 'Sign in',
  wrong: /The username or the password is not right/,
  allow: 'Allow',
  refuse: 'Refuse',
  email: /E-mail address/,
  closedGroup: /for the group bureau/,
  whom: 'Whom to ask?',
  hello: /Hello/,
  stay: 'Stay signed in',
  signOut: 'Sign out',
  signedOut: /You are signed out/,
  deviceCode: 'Code',
  deviceContinue: 'Continue',
  deviceConfirm: 'Yes, it is my device',
  deviceWarning: /If someone sent you this code, refuse/,
  deviceUnknown: /This code is not right/,
  deviceDone: 'Device connected',
  expired: 'This request has expired',
};
