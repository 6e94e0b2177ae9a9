/** What may stand in a secrets file. The exported JSON schema is made of this. */
import { z } from 'zod';

const scalars = [z.string(), z.number(), z.boolean()] as const;
const scalar = z.union(scalars);

/** Which characters a generated value is made of. */
export const charsets = {
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  hex: '0123456789abcdef',
  digits: '0123456789',
  symbols: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~!@%^*()+=',
} as const;
export type Charset = keyof typeof charsets;

const generateSchema = z
  .strictObject({
    length: z
      .int()
      .min(8, 'a generated value has at least 8 characters')
      .max(1024, 'a generated value has at most 1024 characters')
      .optional()
      .describe('Number of characters; 32 unless told.'),
    charset: z
      .enum(Object.keys(charsets) as [Charset, ...Charset[]])
      .optional()
      .describe('What it is made of; alphanumeric unless told.'),
    certificate: z
      .strictObject({
        names: z
          .array(
            z
              .string()
              .regex(
                /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
                'a name is a host name such as www.example.org, *.example.org or an IPv4 address',
              ),
          )
          .min(1, 'name at least one host')
          .describe('Host names and IPv4 addresses that it is for.'),
        days: z
          .int()
          .min(1, 'at least one day')
          .max(825, 'browsers take no certificate of more than 825 days')
          .optional()
          .describe('How long it is good; 365 unless told.'),
      })
      .optional()
      .describe(
        'A self-signed certificate and its key, both in PEM, in place of random characters. For labs: browsers warn of it. Needs the program openssl on this computer.',
      ),
  })
  .refine((one) => one.certificate === undefined || (one.length === undefined && one.charset === undefined), {
    message: 'a certificate has neither length nor charset',
  })
  .describe('A random value, made once by `kawanan up` and written into the file in place of this.');

/** Exactly one of these stands in an entry that is a mapping. */
export const sourceKeys = ['value', 'age', 'generate', 'file', 'env', 'command', 'template'] as const;

/** What is said of an encrypted value that can't be one. */
export const damagedMessage = 'an encrypted value is base64; this one is damaged';

const ciphertext = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, damagedMessage)
  .describe('An age file in base64. `kawanan secrets set`, `edit` and `encrypt` write it.');

const sourceSchema = z.strictObject({
  value: scalar.optional().describe('The value itself, taken as text just as it is written.'),
  age: ciphertext.optional(),
  generate: z.union([z.boolean(), generateSchema]).optional(),
  file: z
    .string()
    .min(1, 'a path is wanted')
    .optional()
    .describe('A file with the value, as seen from this file; one newline at its end is dropped.'),
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'this is no name of an environment variable')
    .optional()
    .describe('An environment variable of kawanan with the value.'),
  command: z
    .array(z.string())
    .min(1, 'a program is wanted')
    .optional()
    .describe('A program and its arguments that print the value; one newline at its end is dropped.'),
  template: z
    .union([z.string(), z.strictObject({ age: ciphertext })])
    .optional()
    .describe('Text with ${NAME} filled in from the variables of the cluster file; $$ is a dollar sign.'),
});

/** The longest name that still leaves room for a version behind it in the 64 characters that swarm allows. */
export const longestName = 58;

/** The name of a secret. */
export const nameSchema = z
  .string()
  .max(longestName, `the name of a secret has at most ${longestName} characters`)
  .regex(
    /^[A-Za-z0-9]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/,
    'the name of a secret has letters, digits and - _ . between them',
  );

/** A whole secrets file: name of a secret → where its value comes from. */
export const secretsFileSchema = z
  .record(nameSchema, z.union([...scalars, sourceSchema]))
  .describe('The values of the external secrets of a stack. Keep it readable by you alone (mode 0600).');

/** The key that lists who can decrypt the values. Only a list makes it that: anything else is a secret of this name. */
export const recipientsKey = 'recipients';

/** One entry of that list; whether it is whole is checked when something is encrypted to it. */
export const recipientsSchema = z
  .array(
    z
      .string()
      .regex(
        /^(?:age1[0-9a-z]+|ssh-ed25519 [A-Za-z0-9+/]+={0,2}(?: .*)?)$/,
        'a recipient is age1… or ssh-ed25519 AAAA…; a private key has no place here',
      ),
  )
  .describe('Who can decrypt the values: age1… or ssh-ed25519 AAAA…');
