/** What `CAFE` is in other systems' hands. Each was made by the system that is named, none by this program. */
export const CAFE = 'un café noir, merci';
export const CHAT = 'le chat dort sur la table';

export type Vector = { name: string; hash: string; password?: string };

const KEYCLOAK_SALT = 'AAECAwQFBgcICQoLDA0ODw==';

/** Keycloak's credential of a realm's export; computed with argon2-cffi and hashlib, as Keycloak's providers do. */
const keycloak = (credentialData: object, value: string) =>
  JSON.stringify({
    id: '1dbe5dcc-76af-425d-bddc-cc36e1405dae',
    type: 'password',
    createdDate: 1_776_007_399_750,
    secretData: JSON.stringify({ value, salt: KEYCLOAK_SALT, additionalParameters: {} }),
    credentialData: JSON.stringify(credentialData),
  });

export const VECTORS: readonly Vector[] = [
  // Debian 12's crypt(3), libxcrypt 4.4, through perl's crypt.
  {
    name: 'yescrypt, as Debian and Ubuntu make it',
    hash: '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$XZVQo61./nac0YlcfIwd4ouQFGwJu2yo4guxrTv7btD',
  },
  {
    name: 'yescrypt of a lower cost',
    hash: '$y$j75$abcdefgh$.zdt4Nk2NRSMvV05Mh/Svlraybhtw7Y/9vwl/3rbxQD',
  },
  {
    name: 'yescrypt of a higher cost',
    hash: '$y$jAT$AAAAAAAA$K8sY.6fbzhz3gO36KcPSomHGZu25okiqUz/JOL14pkA',
  },
  {
    name: 'yescrypt with t',
    hash: '$y$j8T/.$W5sEbNkvxWcqCDlgGnPw1.$AKnaVLIjBCwk0kE9nGV5LwpakMqGPwP4OzD.dqeKi12',
  },
  {
    name: 'yescrypt with the least memory',
    hash: '$y$j/.$abcd$N3kGnNzJEwdZQJt5ScaCpEZGSTp5FEkXBmGEiGSvym3',
  },
  {
    name: 'yescrypt without salt',
    hash: '$y$j9T$$lgl.43A7ryjf1UuXSo0fwCAxyRcrvIAYDvyJhb5snv.',
  },
  {
    name: 'yescrypt of a long password',
    hash: '$y$j75$abcdefgh$OofMAMPSgpudw8n1ix.3vkTR0ENL5Z/Oo8NqYRKFcb4',
    password: 'x'.repeat(500),
  },
  {
    name: 'yescrypt in {CRYPT}',
    hash: '{CRYPT}$y$j75$abcdefgh$.zdt4Nk2NRSMvV05Mh/Svlraybhtw7Y/9vwl/3rbxQD',
  },
  {
    name: 'sha512-crypt',
    hash: '$6$abcdefgh$5dQQ4v//LXWQVGwS4UKOtrY.qi9z7aeZUWoDyDEf0WyFEkGFGwO614AHZk4dRaoNG8ocoSKz0YYcqVEJjJc6S.',
  },
  {
    name: 'sha512-crypt of the fewest rounds',
    hash: '$6$rounds=1000$s$a382AkRWoKDBus4pLDT9Ev4EZAtG7uETOWLNfbCsQburuCglkJp/Fy.FaS/nZ312NdfQqobb7h4UcAp/bkSRa.',
  },
  {
    name: 'sha512-crypt of a long password',
    hash: '$6$abcdefgh$LST1uPxXfltq0KIAO0B/Dwnx.OdwbUGH2.1S5lEKW0/LqEWtIuY9C6FlNruB2lmTuWBDllAOFCUtMQTaD8uXm/',
    password: 'x'.repeat(500),
  },
  {
    name: 'sha256-crypt',
    hash: '$5$abcdefgh$bW2aPVXNd9X8LmXqws0tGSZwpmi0kdL99n.3XkfROX.',
  },
  {
    name: 'sha256-crypt with rounds',
    hash: '$5$rounds=1000$saltsalt$nznCu1fyxRuJWF1Na5pI1AAkqqYP37sE9D8OqnARaA/',
  },
  {
    name: 'scrypt of crypt(3)',
    hash: '$7$CU..../....saltsalt$QgLxywOQ4qkCBDffMAoE/59D6cmfJlRfUXunKxOHsfA',
  },
  // passlib 1.7.4, with its defaults where nothing else is said.
  {
    name: 'sha512-crypt of passlib',
    hash: '$6$rounds=656000$VXxf0LPAoqTIKtXd$lGqFUfyVuvMqMTAMY5hMvHyEd.1hXzHu9Lb.Vat2aJDHknGJgB8z8XxkfndqmyS3q72/YAQGyswtFPgBOnwx//',
  },
  {
    name: 'sha256-crypt of passlib',
    hash: '$5$rounds=535000$7TpnItV324O9u9gn$stR2SkZ6j1.KrKBK5Kp62C8lZMvoJpR0LCsaw3xyKD7',
  },
  {
    name: 'PBKDF2 (sha1) of passlib',
    hash: '$pbkdf2$131000$BmAMAcA45zzn/H.vNSZkrA$pZ7OWELoV7auquxpS3kdhNqgn/8',
  },
  {
    name: 'PBKDF2 (sha256) of passlib',
    hash: '$pbkdf2-sha256$29000$k7I2RijFWAuBkJIyBuDcuw$mDu0HBB2GJVc1dFHREfRSVuAxnDaeOFpwxkgPpk/xaw',
  },
  {
    name: 'PBKDF2 (sha512) of passlib',
    hash: '$pbkdf2-sha512$25000$cw7B.N/buxdCqPWec66VEg$PpG8PqtV0PR1PAqPEt2kGcbqb8nsQs1.yH95wPS.a5ixXSbAP78UsN4fK/Xm2d4BPOCi/WapnwcXUCIvQ0uV9A',
  },
  // Worked out with Python's hashlib, by what gives phpass's own "test12345" its known hash.
  { name: 'phpass ($P$) of few rounds', hash: '$P$6sel.grisVlt.jMUU.OEsHquetKlkK0' },
  { name: 'phpass ($H$) of few rounds', hash: '$H$6SelRose7uaBp8gYvktmMSSA/0uBz70' },
  { name: 'phpass ($P$) of passlib', hash: '$P$HTHjJ1bLq5Dy2kn9StgUFuI3WdFvlq.' },
  { name: 'phpass ($H$) of passlib', hash: '$H$HjxU/9Ry/rMvukVsd.MKdDxs0nNoXx.' },
  {
    name: 'scrypt of passlib',
    hash: '$scrypt$ln=16,r=8,p=1$/98bA2CsFYKwVso5Z+wdYw$rFVE+P2AFU45hXJbAamShlmlCULUcL3ry9tYMXVHSJ4',
  },
  {
    name: 'argon2id of passlib',
    hash: '$argon2id$v=19$m=65536,t=3,p=4$9T5HyNn7H2Ps3ft/z5mTEg$66laIloyjWAfNH2EdfF3QC5KIvQg0/SFc5Scky/oOI0',
  },
  // OpenLDAP 2.5's slappasswd with its modules pw-pbkdf2, pw-sha2 and argon2.
  {
    name: '{PBKDF2} of OpenLDAP',
    hash: '{PBKDF2}10000$RqeTufODuD9V2CEkYbJm2Q$SIeyJG0GjYiRtveEi8TlHGtGbR8',
  },
  {
    name: '{PBKDF2-SHA1} of OpenLDAP',
    hash: '{PBKDF2-SHA1}10000$S4evLM98yGzyYCkFsKTTIg$6BrhqeT2SwqG6wsPRAgBM3Fw3o4',
  },
  {
    name: '{PBKDF2-SHA256} of OpenLDAP',
    hash: '{PBKDF2-SHA256}10000$UrMeg4sSegHbDOBRvlGkcw$kqkOT0cVL3mIhJ4jQ57tqWQ.8i2eXskpjH/KqY4vyLc',
  },
  {
    name: '{PBKDF2-SHA512} of OpenLDAP',
    hash: '{PBKDF2-SHA512}10000$gbFp2z3odSOOqkod.ZxD7g$3O/yz3bxGfgpGn5Ye6DhFKOJjgckuDo6vGgLbq5BZxXGUv1KYe8DvJ6LImhAq/KVoozUbsK0qI6deIGfG8MJCw',
  },
  {
    name: '{ARGON2} of OpenLDAP',
    hash: '{ARGON2}$argon2i$v=19$m=4096,t=3,p=1$bst0zVwRFUrDeEHJkt5ctA$K3KPvBIJnx1jzlL3QI7kSyzjYdzWuJsJ+IiMepmGThE',
  },
  { name: '{SSHA}', hash: '{SSHA}RZWbOraVlajpAddfkHPL3G5+OvlzYWx0MTIzNA==' },
  {
    name: '{SSHA256} of OpenLDAP',
    hash: '{SSHA256}N5kzRFXZlMaRY6tqRoXB+ALGIQ7DJhQZyc9v4iq0doziUPeaQLCNBQ==',
  },
  {
    name: '{SSHA384} of OpenLDAP',
    hash: '{SSHA384}71hccWYKIKiEmQvwL2T1UBMnq4AZC0odEf5+2BzF2L7eS+OnCH75KKBbaHTyqO7Ef3kUg+Pz5Jc=',
  },
  {
    name: '{SSHA512} of OpenLDAP',
    hash: '{SSHA512}ysui7UR95utyYIZIxO+rhwtw/gyQIH+aqZO2p048M4vCYzNOQGv/ZpAnPTXVirs/AnMb1qrHE+MBjFIT6dm5sxNA+weiJUqA',
  },
  // 389 Directory Server 2.3's pwdhash.
  {
    name: '{PBKDF2_SHA256} of 389ds and FreeIPA',
    hash: '{PBKDF2_SHA256}AAAgAHZvC2OZtO6FZt718aemVJDsLyil2MahComCaVGvsvnnzCGiBLbY1Of6nOUI8k4Z6LffQg8G5jvffPGW1+LYYU6kBw0G5H5WumpQD6obMVLf1F8wOo/XAGiUJGQc/3W3fDNRlvqvB16wg81kKslQSpa7ARc4UUP3a+gJ9gqtYWz2kNIHZLMaAlAV+8hqKoGjuAOo6gTsiY5/JbQO8+TsMx5qC8OmFYbaOSJRCfvzcCjmro5SI8FjAIzl1LHwSQMSYl9goeIrq8Q9ad2LPEdCeq55Jd5Bumjz/dWLcQgCzrb0S/XB4yr0Az0iuTk1OA7ZhnTBD/+/gQ1oXv9ELgPavP5pG0BLmC2/xyZKTDpnBcChxDx7dDKjY4nwHfI/B7BzbLKtN57Z7qtt1P4L4OWAZ66Uop4oeQkZ6A+9YB7Z2OEL',
  },
  {
    name: '{PBKDF2-SHA512} of 389ds',
    hash: '{PBKDF2-SHA512}10000$Y5Gt7Ebxyr4cM1mdSvKUlNW0bwFjfFsB$aNbe/JPJkfbEc/UmGRT749Zuknpsi/Ye1xtdwdLu/5F2IA+BmuLnvXOD837Fy0tk1tvseUK17SsXrSc1NWY3uA==',
  },
  {
    name: '{PBKDF2-SHA256} of 389ds',
    hash: '{PBKDF2-SHA256}10000$19o7FX3EisMzP+2cgjKvCyas/mGyJ8ja$pCFdEXX+QPzaEeSQ2jNpC/gzOu6WhoiMcotT0PXW480=',
  },
  {
    name: '{PBKDF2-SHA1} of 389ds',
    hash: '{PBKDF2-SHA1}10000$58lS4j5bL9iTDxyYIo8lK5Xldomxf89z$OTni9fXnxsQZMZ+5/odHuTikR1A=',
  },
  {
    name: '{crypt} of 389ds',
    hash: '{crypt}$5$mr$uO7UJ2zX5dIMYd0UCHOjsKNRHZSZNdnj1mvMjDbzxjC',
  },
  // Dovecot 2.3's doveadm pw.
  {
    name: '{SHA512-CRYPT} of Dovecot',
    hash: '{SHA512-CRYPT}$6$P1FqdGPLqAXWOLty$B7OUR/KVKKSvvmqfAbzWOOAxf19rJUQw9BsnUgsvJV.7wpt5vEVNj6pcJcSSD9VSVPDHaxAdQVv/TQsTPtkQd0',
  },
  {
    name: '{SHA512-CRYPT.B64} of Dovecot',
    hash: '{SHA512-CRYPT.B64}JDYkbWJwSW5tdkZrNnlTWlhKOSRYaEJEbkxJVVZvTS9WVk1xckM4LkdoM2N6R1IvblA0bnhLWUtjVVNBcWNxN1hTU1BhbEdxelhwYVRjOVR3U2hXZzViWFBLZGZ0ZzRac1JhNnFmLmNQLg==',
  },
  {
    name: '{SHA256-CRYPT} of Dovecot',
    hash: '{SHA256-CRYPT}$5$k5lQsMPJQ0PNrU87$.TTjSZLRODd/WekXebouQQ.CUjDbz6Z18LUoXyV2fE1',
  },
  {
    name: '{BLF-CRYPT} of Dovecot',
    hash: '{BLF-CRYPT}$2y$05$.E4OZaw9xKMxmEfo8KKwR.i64Y28M4LCoJ1dcC1dqI/gXo1thbEQS',
  },
  { name: '{SSHA} of Dovecot', hash: '{SSHA}9jz4AOdmo3PpWEG1mkWhJZgsEl5WXnTD' },
  {
    name: '{SSHA256.HEX} of Dovecot',
    hash: '{SSHA256.HEX}2a178455c2ec0ee40e1e35e54b34534ced574b4747763aa7fb3e0aed6f842413ded98eeb',
  },
  {
    name: '{SSHA512.B64} of Dovecot',
    hash: '{SSHA512.B64}koMK9gXCkEgZBGXMWRBF/6BDQY7Lvfd9W7d+m5sAWCantxOYoJETo9CX8R69paIKoX/UaxdRbuCGK2GVefCrV0ahg/Y=',
  },
  {
    name: '{PBKDF2} of Dovecot',
    hash: '{PBKDF2}$1$FPtoXxu3aqja7JD8$5000$5ffbd36f72a3862aa20e9810270901310474ce30',
  },
  {
    name: '{ARGON2I} of Dovecot',
    hash: '{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$/7hposTXfwX4WodHructkQ$lloB+1WSsZLMCcB3AZJozHlLjEaJw2z30Y3+8p4DQCc',
  },
  {
    name: '{ARGON2ID} of Dovecot',
    hash: '{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$VgcgAhEA/i9d6YTmCOOEtw$lbNBrMbV39o5h/Mmlf6Zo48q1A95qiWeFkMJQyydfBs',
  },
  {
    name: '{SCRAM-SHA-1} of Dovecot',
    hash: '{SCRAM-SHA-1}4096,6eou1n9h5C7Lyr7ppUJ8EA==,eOiLlPRSOAcADB3HJVRxoKVM8TI=,NvTlCR0VHYHmJ/KmjeIDD8TATW0=',
  },
  {
    name: '{SCRAM-SHA-256} of Dovecot',
    hash: '{SCRAM-SHA-256}4096,u1zqTQMdPm92jv6nQxnv4Q==,BGELUAipm8q3YJ0ZkPPTgwr2C/MU3IEfEFY2hsOC75g=,jPw1XKVBoiH7fBef3xJJSK6aBZ3RrN+F4C3BJ6TUHw0=',
  },
  // PHP 8.2's password_hash, which is what Nextcloud calls; its OC\Security\Hasher puts the number before.
  {
    name: 'bcrypt of PHP',
    hash: '$2y$10$vuXhj5VCq7z5WJRpsg2f7.LtCDF1xcNu6sXb/23h3c.SG8YCj9nJy',
  },
  {
    name: '1| of Nextcloud',
    hash: '1|$2y$10$vuXhj5VCq7z5WJRpsg2f7.LtCDF1xcNu6sXb/23h3c.SG8YCj9nJy',
  },
  {
    name: '2| of Nextcloud',
    hash: '2|$argon2i$v=19$m=4096,t=3,p=1$bst0zVwRFUrDeEHJkt5ctA$K3KPvBIJnx1jzlL3QI7kSyzjYdzWuJsJ+IiMepmGThE',
  },
  {
    name: '3| of Nextcloud',
    hash: '3|$argon2id$v=19$m=65536,t=4,p=1$TS5nR3RwU3dPaFNtVVlETQ$qcFADNtoQMmlD7Hfu8EvhahXYFrqCLSjrifiufLqkPM',
  },
  {
    name: 'WordPress since 6.8, as its wp_hash_password calls PHP',
    hash: '$wp$2y$10$M4WLMuOem.CY3lOV6YJEH.MNvqzSEECsOPl7xsv6GPGfkNJibECqu',
  },
  {
    name: 'bcrypt in {CRYPT}',
    hash: '{CRYPT}$2y$10$7KGyMsLQ4QtE.9IJzV8If.tnBASz4F5LnVh1VoRu95u.P.RptZ6QK',
    password: CHAT,
  },
  // Django 5.2's make_password; Werkzeug 3's generate_password_hash.
  {
    name: 'PBKDF2 (sha256) of Django',
    hash: 'pbkdf2_sha256$1000000$tsIROV9FvjbwiLB1LPIGkK$KPABAZlYcjN157+4PkvBypXB3CZWoPz9r5UgqcvujDY=',
  },
  {
    name: 'PBKDF2 (sha1) of Django',
    hash: 'pbkdf2_sha1$1000000$OcGBS5mI0O91B6GcU9qVx2$MvTXdABuAPNIKhzohauOl6POwIE=',
  },
  {
    name: 'Argon2 of Django',
    hash: 'argon2$argon2id$v=19$m=102400,t=2,p=8$aWVEM1JjY0I1bzV6UDBDRURteDNzaA$gRx7Gp5ntlAGjFxesbbzcAocJLHNkw2uaiOjXXWDRUU',
  },
  {
    name: 'bcrypt after SHA-256 of Django',
    hash: 'bcrypt_sha256$$2b$12$T51coiE/R3RawMxUqe0apuZesQfmTlilZDNr0ljEzYb3D5TqBmya.',
  },
  {
    name: 'bcrypt of Django',
    hash: 'bcrypt$$2b$12$weciX2J3nVxtdNQdFBCQWeWz.LB4.oTu3.3xxA2uaZ45tYV/XdYAO',
  },
  {
    name: 'scrypt of Django',
    hash: 'scrypt$16384$7UbsazugCfn4RUq3uCot0k$8$5$5cIcymR67Q6E3K+pJnsoEVxeYnyryQx5Tmqnl0bNHDbJiRFrHfDx/gDupywMQYmRvTvRm9InfpEkDT9rPIxlCA==',
  },
  {
    name: 'scrypt of Werkzeug',
    hash: 'scrypt:32768:8:1$WDEKPQ5IT17iMbq5$f615e9000b29cd60f9c2885bbab8af9a39e1f23ad3b0451c2c5adc837acc55089f2af7f3be52c21fe2847d2fe53a7dcedffc7f3edcdff10bc1a3433a2fb1f55a',
  },
  {
    name: 'PBKDF2 of Werkzeug',
    hash: 'pbkdf2:sha256:1000000$BYHswircpZrqbObT$87928768e7fe9bf2943f6d2abe312ccd4f1ebf5d3f268364d6f9e260adae27a6',
  },
  {
    name: 'Argon2 of Keycloak',
    hash: keycloak(
      {
        hashIterations: 5,
        algorithm: 'argon2',
        additionalParameters: {
          hashLength: ['32'],
          memory: ['7168'],
          type: ['id'],
          version: ['1.3'],
          parallelism: ['1'],
        },
      },
      'KyxUdvjs1Ah9h8hdQbaOfGcjarRRuOzv5bkGW/ofjqM=',
    ),
  },
  {
    name: 'PBKDF2 (sha512) of Keycloak',
    hash: keycloak(
      { hashIterations: 210_000, algorithm: 'pbkdf2-sha512', additionalParameters: {} },
      'VlM4jJyTZgzSfzgseP8W7BgvHnfBvtR4lG3ogUYisjFzhbykwv2apVJlxPqykOilUoRhV6i9FDaIr7D0xr98zw==',
    ),
  },
  {
    name: 'PBKDF2 (sha256) of Keycloak',
    hash: keycloak(
      { hashIterations: 27_500, algorithm: 'pbkdf2-sha256', additionalParameters: {} },
      'r/eMKXY2Osnsm2hWv19WXd9YyETzNGtcKNjmVJeYZs+/LyOLS8XWtDxWK5dQr/70G4DBEdljq9JE+b1L57yB3A==',
    ),
  },
  {
    name: 'PBKDF2 (sha1) of Keycloak',
    hash: keycloak(
      { hashIterations: 1_300_000, algorithm: 'pbkdf2' },
      'JsHwzTJe+DAm2Kmir7IjOCA8FXGYkFgSQgtEnV4xMLOKxG1vJ59JaRBCVfV9YcR68XptvLWug5coehkI2x4E0w==',
    ),
  },
  {
    name: 'PBKDF2 of Keycloak, in short',
    hash: 'keycloak:pbkdf2-sha512$210000$MDEyMzQ1Njc4OWFiY2RlZg==$Sj7gVlSLN/nYx9PreedD5QFzeyBIJng4dQOEaSYM1f6gxdyhjG2VMrnd2hpUcukzNsOwKWdMP34VPLCNekdG8A==',
    password: CHAT,
  },
  // LDIF (RFC 2849) writes what holds a brace in base64.
  {
    name: 'a line of LDIF',
    hash: 'userPassword:: e1NTSEF9UlpXYk9yYVZsYWpwQWRkZmtIUEwzRzUr\n T3ZsellXeDBNVEl6TkE9PQ==',
  },
  {
    name: 'the value of such a line',
    hash: 'e0NSWVBUfSQ2JGFiY2RlZmdoJDVkUVE0di8vTFhXUVZHd1M0VUtPdHJZLnFpOXo3YWVaVVdvRHlERWYwV3lGRWtHRkd3TzYxNEFIWms0ZFJhb05HOG9jb1NLejBZWWNxVkVKakpjNlMu',
  },
  {
    name: 'a plain line of LDIF',
    hash: 'userPassword: {SSHA}9jz4AOdmo3PpWEG1mkWhJZgsEl5WXnTD',
  },
];
