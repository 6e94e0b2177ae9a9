import { expect, test } from 'vitest';
import { baseImageReference, renderImageConfig, renderManifest } from '../../src/lab/base-image.ts';

test('the image’s configuration holds no time of making, so its ID depends on its files only', () => {
  expect(JSON.parse(renderImageConfig('aa', 'x64'))).toEqual({
    architecture: 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    rootfs: { type: 'layers', diff_ids: ['sha256:aa'] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'debootstrap --variant=minbase' }],
  });
  expect(JSON.parse(renderImageConfig('aa', 'arm64')).architecture).toBe('arm64');
});

test('the archive says under which name it is loaded', () => {
  expect(JSON.parse(renderManifest('cc', 'aa', baseImageReference('trixie')))).toEqual([
    { Config: 'cc.json', RepoTags: ['debian:trixie-slim'], Layers: ['aa/layer.tar'] },
  ]);
});
