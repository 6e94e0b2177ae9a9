/** Where we differ from the real command on purpose; `docs/compose.md` says the same in words. */

/** Files it takes and we refuse, with the reason. */
export const deliberatelyRefused: Record<string, string> = {
  '161-memory-huge': 'it overflows into a negative number of bytes',
  '166-cpus-neg': 'less than no processor is nothing an engine can give',
  '179-replicas-huge': 'it overflows into another number of replicas',
  '194-hc-retries-float': 'it drops the fraction in silence',
  '210-vol-colon': 'a colon is no path',
  '309-stack-name-bad': 'the engine refuses names with blanks',
  '311-stack-name-quoted': 'the engine refuses names with quotes',
};

/** Cases about what an engine answers, or about an option of the command: nothing a file says is wrong there. */
export const needsAnEngine: Record<string, string> = {
  '230-net-external-missing': 'the network is looked up when the stack is planned',
  '231-net-external-local': 'the network is looked up when the stack is planned',
  '253-secret-external-missing': 'the secret is looked up when the stack is planned',
  '261-config-external-missing': 'the config is looked up when the stack is planned',
  '307-not-manager': 'the manager is found when the stack is planned',
  '315-resolve-bad': 'an option of the real command',
};

/** The same for the questions of `learned.jsonl`. */
export const learnedRefused: Record<string, string> = {
  'notations/v05-vol': 'colons are no path',
  'versions/i23-bad': 'a later variable hides that a required one is missing',
  'versions/ic06': 'a hexadecimal fraction',
  'fields/b125': 'a second slash after a port is dropped in silence',
  'fields/b146': 'a third number of a range is dropped in silence',
  'fields/b157': 'no port is above 65535',
  'fields/b164': 'a negative number of attempts overflows',
  'fields/b180': 'a mode beyond 32 bits overflows',
  'fields/b181': 'a fraction of a mode is dropped in silence',
  'fields/b294': 'processors in hexadecimal',
  'fields/b296': 'processors with an underscore',
  'fields/b298': 'processors beyond 64 bits overflow',
  'fields/b300': 'processors beyond 64 bits overflow',
  'fields/b311': 'a size with an underscore',
  'fields/b314': 'a size beyond 64 bits overflows',
  'fields/b320': 'a fraction of a countable thing is dropped in silence',
  'fields/b324': 'less than nothing of a countable thing',
  'fields/b327': 'a number as an address is sent as "%!s(int=5)"',
  'yaml11/y013': 'a line separator is a line break that stays in the text',
  'yaml11/y017': 'a line separator is a line break',
  'yaml11/y1621': 'a line separator is a line break that stays in the text',
  'yaml11/y003': 'JSON as JavaScript writes it holds no such number',
  'yaml11/y006': 'JSON as JavaScript writes it holds no such number',
  'yaml11/y1522': 'a comment that is glued to what stands before it',
  'yaml11/y1598': 'a comment that is glued to what stands before it',
  'yaml11/y1587': 'in brackets, a colon without a blank is part of the text',
  'yaml11/y1608': 'a second mapping further to the left is dropped in silence',
};
