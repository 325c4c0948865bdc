import { describe, expect, it } from 'vitest'
import { understood } from '../../adapters/edexml/deliver.ts'
import { SourceError } from '../../adapters/source.ts'
import { edexml, parsed } from './support.ts'

async function refusal(content: string): Promise<SourceError> {
  try {
    understood(await parsed(content), '2026-11-23')
  } catch (error) {
    if (error instanceof SourceError) return error
    throw error
  }
  throw new Error('not refused')
}

const school = (inner: string) => edexml({ school: inner })
const pupil = (inner: string) => edexml({ leerlingen: inner })

describe('a roster that is wrong is refused, and the record named by its source id', () => {
  it.each([
    [
      'a pupil key twice',
      pupil('<leerling key="50001"/><leerling key="50001"/>'),
      'malformed',
      'leerling:50001',
      'duplicate key: leerling:50001 appears twice',
    ],
    [
      'a pupil key twice but for spaces',
      pupil('<leerling key="50001"/><leerling key=" 50001"/>'),
      'malformed',
      'leerling:50001',
      'duplicate key',
    ],
    [
      'a teacher key twice',
      edexml({ leerkrachten: '<leerkracht key="T"/><leerkracht key="T"/>' }),
      'malformed',
      'leerkracht:T',
      'duplicate key',
    ],
    [
      'a group key twice',
      edexml({ groepen: '<groep key="G8"><naam>a</naam></groep><groep key="G8"><naam>b</naam></groep>' }),
      'malformed',
      'groep:G8',
      'duplicate key',
    ],
    [
      'an unknown group',
      pupil('<leerling key="2"><groep key="9999"/></leerling>'),
      'malformed',
      'leerling:2',
      'groep:9999',
    ],
    [
      'a composite group that is only a homeroom',
      pupil(
        '<leerling key="2"><samengestelde_groepen><samengestelde_groep key="G8"/></samengestelde_groepen></leerling>',
      ),
      'malformed',
      'leerling:2',
      'samengestelde_groep:G8',
    ],
    [
      'a teacher of an unknown group',
      edexml({ leerkrachten: '<leerkracht key="T"><groepen><groep key="x"/></groepen></leerkracht>' }),
      'malformed',
      'leerkracht:T',
      'groep:x',
    ],
    [
      'a role on a group without a key',
      edexml({ leerkrachten: '<leerkracht key="T"><groepen><groep><rol>LRK</rol></groep></groepen></leerkracht>' }),
      'malformed',
      'leerkracht:T',
      'without a key',
    ],
    [
      'two homerooms',
      edexml({
        groepen: '<groep key="A"><naam>a</naam></groep><groep key="B"><naam>b</naam></groep>',
        leerlingen: '<leerling key="2"><groep key="A"/><groep key="B"/></leerling>',
      }),
      'malformed',
      'leerling:2',
      'more than one groep',
    ],
    ['a group without a name', edexml({ groepen: '<groep key="G8"/>' }), 'malformed', 'groep:G8', 'no name'],
    [
      'a field twice',
      pupil('<leerling key="2"><roepnaam>A</roepnaam><roepnaam>B</roepnaam></leerling>'),
      'malformed',
      'leerling:2',
      'roepnaam twice',
    ],
    [
      'a date that is none',
      pupil('<leerling key="2"><uitstroomdatum>31-12-2026</uitstroomdatum></leerling>'),
      'malformed',
      'leerling:2',
      'uitstroomdatum',
    ],
    [
      'initials that are a story',
      pupil(`<leerling key="2"><voorletters-1>${'A'.repeat(30)}</voorletters-1></leerling>`),
      'malformed',
      'leerling:2',
      'initials',
    ],
    [
      'a text far too long',
      pupil(`<leerling key="2"><roepnaam>${'A'.repeat(5000)}</roepnaam></leerling>`),
      'malformed',
      undefined,
      'roepnaam',
    ],
    ['no pupils', pupil(''), 'incomplete', undefined, 'no pupils'],
    ['no school', '<EDEX><leerlingen><leerling key="1"/></leerlingen></EDEX>', 'malformed', undefined, 'which school'],
    ['an anonymous school', school('<schooljaar>2026-2027</schooljaar>'), 'malformed', undefined, 'which school'],
    ['no school year', school('<brincode>99ZZ</brincode>'), 'malformed', undefined, 'school year'],
    [
      'a school year of two years',
      school('<schooljaar>2026-2028</schooljaar><brincode>99ZZ</brincode>'),
      'malformed',
      undefined,
      '2026-2027',
    ],
    [
      'a brin that is none',
      school('<schooljaar>2026-2027</schooljaar><brincode>ZZ99</brincode>'),
      'malformed',
      undefined,
      'brincode',
    ],
    [
      'a moment that is none',
      school('<schooljaar>2026-2027</schooljaar><brincode>99ZZ</brincode><aanmaakdatum>gisteren</aanmaakdatum>'),
      'malformed',
      undefined,
      'when it was made',
    ],
    ['two schools', '<EDEX><school/><school/></EDEX>', 'malformed', undefined, 'two schools'],
    ['another root', '<leerlingen/>', 'malformed', undefined, 'not EDEXML'],
  ] as const)('%s', async (_, content, code, sourceId, says) => {
    const error = await refusal(content)
    expect(error).toMatchObject({ code, sourceId })
    expect(error.message).toContain(says)
  })

  it.each([
    '<leerling><roepnaam>A</roepnaam></leerling>',
    '<leerling key="https://ketenid.nl/201703/CANARY"/>',
    '<leerling eckid="https://ketenid.nl/201703/CANARY"/>',
  ])('a pupil without a key of the school itself: %s', async content => {
    const error = await refusal(pupil(`<leerling key="1"/>${content}`))
    expect(error.code).toBe('malformed')
    expect(error.message).toContain('leerling (number 2 in the document)')
    expect(error.message).toContain('ask the supplier to send SIS keys')
    expect(error.message).not.toContain('CANARY')
  })

  it('a document cut anywhere is incomplete, never a smaller school', async () => {
    const content = edexml({ leerkrachten: '<leerkracht key="T"><achternaam>Ölçer</achternaam></leerkracht>' })
    const bytes = Buffer.from(content)
    for (let end = 0; end < bytes.length; end += 1) {
      const cut = parsed(bytes.subarray(0, end), 64)
      await expect(cut, `cut at ${end}`).rejects.toMatchObject({ code: 'incomplete' })
    }
  })

  it('a half document names the last record begun', async () => {
    const error = await refusal('<EDEX><leerlingen><leerling key="1"></leerling><leerling key="50001"><roepnaam>CANA')
    expect(error).toMatchObject({ code: 'incomplete', sourceId: 'leerling:50001' })
    expect(error.message).toBe('the document stops halfway: the last record begun is leerling:50001')
  })
})
