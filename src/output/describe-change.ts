import type { Change } from '../plan/change.ts';
import { neutralise } from './terminal.ts';

/** One line for a change: its host, its object where the title doesn't name it, its title. */
export function describeChange({ object, title }: Pick<Change, 'object' | 'title'>): string {
  const named = title.includes(object.name)
    ? title
    : `${object.type === object.name ? object.name : `${object.type} ${object.name}`}: ${title}`;
  return neutralise(object.host === undefined ? named : `${object.host}  ${named}`);
}
