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
