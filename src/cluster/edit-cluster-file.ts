/** Changes the nodes of a cluster file and leaves all else in it, comments included, as it is. Pure. */
import { type Document, isMap, parseDocument, type YAMLMap } from 'yaml';
import { InputError } from '../errors.ts';
import type { NodeRole } from './cluster.ts';

export interface NewNode {
  name: string;
  address: string;
  role: NodeRole;
  labels: Record<string, string>;
}

/** @throws InputError when the name is taken. */
export function addNodeToFile(text: string, node: NewNode): string {
  const document = parseDocument(text);
  const nodes = readNodes(document);
  if (nodes.has(node.name))
    throw new InputError({
      message: `the cluster file has a node ${node.name} already`,
      next: 'kawanan up brings it in; another machine needs another name',
    });
  const { address, role, labels } = node;
  const entry = document.createNode({
    address,
    role,
    ...(Object.keys(labels).length > 0 && { labels }),
  });
  // As its neighbours are written: on one line, or on several.
  const neighbour = nodes.items.at(-1)?.value;
  entry.flow = isMap(neighbour) ? neighbour.flow === true : false;
  nodes.set(document.createNode(node.name), entry);
  return render(document);
}

/** @throws InputError when there is no such node. */
export function removeNodeFromFile(text: string, name: string): string {
  const document = parseDocument(text);
  const nodes = readNodes(document);
  if (!nodes.delete(name)) throw missing(name);
  return render(document);
}

/** @throws InputError when there is no such node. */
export function setRoleInFile(text: string, name: string, role: NodeRole): string {
  const document = parseDocument(text);
  const nodes = readNodes(document);
  const entry = nodes.get(name);
  if (!isMap(entry)) throw missing(name);
  (entry as YAMLMap).set('role', role);
  return render(document);
}

function readNodes(document: Document): YAMLMap {
  const nodes = document.get('nodes');
  if (isMap(nodes)) return nodes as YAMLMap;
  throw new InputError({ path: 'nodes', message: 'the cluster file names no nodes' });
}

function missing(name: string): InputError {
  return new InputError({ path: `nodes.${name}`, message: `the cluster file has no node ${name}` });
}

function render(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
