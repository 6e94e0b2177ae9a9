/** Filling `${NAME}` of a template in from variables; the messages never quote the template. Pure. */
export type FilledTemplate = { text: string; problems: [] } | { text?: undefined; problems: string[] };

const piece = /\$(?:(\$)|\{([^}]*)\}|(\{)|)/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** `${NAME}` and `${NAME:-default}`, the default also for an empty variable; `$$` is a dollar sign. Anything else is a problem. */
export function fillTemplate(template: string, variables: Readonly<Record<string, string>>): FilledTemplate {
  const problems = new Set<string>();
  const text = template.replace(
    piece,
    (_, dollar: string | undefined, inner: string | undefined, open: string | undefined) => {
      if (dollar !== undefined) return '$';
      if (open !== undefined) problems.add('a "${" is not closed');
      else if (inner === undefined) problems.add('a single "$" stands here: write "$$" for a dollar sign');
      else {
        const [, name, fallback] = variable.exec(inner) ?? [];
        const value = name !== undefined && Object.hasOwn(variables, name) ? variables[name] : undefined;
        if (name === undefined) problems.add('a "${…}" holds no name of a variable');
        else if (value !== undefined && (value !== '' || fallback === undefined)) return value;
        else if (fallback !== undefined) return fallback;
        else problems.add(`the variable ${name} is not set`);
      }
      return '';
    },
  );
  return problems.size > 0 ? { problems: [...problems] } : { text, problems: [] };
}
