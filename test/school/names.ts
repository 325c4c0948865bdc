/** Names for a school that does not exist. Every combination is made up; any likeness is chance. */
import type { Random } from './random.ts'

export type Sex = 'boy' | 'girl'

export interface PersonName {
  givenName?: string
  /** As registered, for the SIS only. */
  firstNames?: string
  initials?: string
  familyNamePrefix?: string
  familyName?: string
}

interface Origin {
  weight: number
  boy: readonly string[]
  girl: readonly string[]
  /** A prefix stands before the name with a `|`. */
  family: readonly string[]
}

const words = (text: string) => text.trim().split(/[\s]*,[\s]*/)

const dutch: Origin = {
  weight: 52,
  boy: words(
    'Noah, Sem, Liam, Lucas, Daan, Finn, Levi, Luuk, Mees, James, Milan, Sam, Bram, Thijs, Jesse, Thomas, Ruben, Julian, Gijs, Siem, Teun, Lars, Stijn, Hugo, Boaz, Floris, Jens, Tijn, Cas, Koen, Joris, Willem, Pepijn, Tobias, Olivier, Jurre, Niek, Abel, Vince, Morris',
  ),
  girl: words(
    'Emma, Julia, Mila, Sophie, Saar, Tess, Nora, Evi, Liv, Zoë, Lotte, Noor, Sara, Anna, Fleur, Fenna, Isa, Lieke, Roos, Maud, Eva, Loïs, Elin, Feline, Sofie, Nina, Lynn, Guusje, Jasmijn, Veerle, Bente, Merel, Iris, Femke, Hanna, Puck, Suze, Vera, Renée, Chloë',
  ),
  family: words(
    "de|Jong, Jansen, de|Vries, van den|Berg, van|Dijk, Bakker, Janssen, Visser, Smit, Meijer, de|Boer, Mulder, de|Groot, Bos, Vos, Peters, Hendriks, van|Leeuwen, Dekker, Brouwer, de|Wit, Dijkstra, Smits, de|Graaf, van der|Meer, van der|Linden, Kok, Jacobs, de|Haan, Vermeulen, van den|Heuvel, van der|Veen, van den|Broek, de|Bruijn, van der|Heijden, Schouten, van|Beek, Willems, van|Vliet, Hoekstra, Koster, Prins, Blom, Huisman, Peeters, Kuipers, van|Veen, Verhoeven, Kramer, van der|Wal, van|Wijk, Postma, Martens, Scholten, van den|Bosch, Kuiper, Gerritsen, Hermans, van der|Velde, van|Doorn, Timmermans, Groen, Wolters, Bosman, Molenaar, Verbeek, in 't|Veld, van 't|Hof, 't|Hart, op den|Kamp, ter|Horst, ten|Brink, van de|Pol, uit den|Boogaard, Vink, Schipper, Rademaker, Kooistra, Evers, Snijders",
  ),
}
const frisian: Origin = {
  weight: 12,
  boy: words(
    'Sietse, Jelle, Wieb, Bauke, Fedde, Hidde, Jorrit, Tjeerd, Wessel, Douwe, Ids, Jelmer, Sjoerd, Rinse, Gerben, Eelke, Sybren, Marten',
  ),
  girl: words(
    'Nynke, Froukje, Sjoukje, Hinke, Jildou, Femke, Anouk, Wytske, Marrit, Fardau, Rixt, Jantsje, Doutzen, Silke, Baukje, Sietske, Ymkje, Tjitske',
  ),
  family: words(
    'Hiemstra, Hoogland, Brandsma, Terpstra, Zijlstra, Wiersma, Bruinsma, Sikkema, Miedema, Boersma, Feenstra, Jellema, Kingma, Nauta, Osinga, Reitsma, van der|Meulen, Sinnema, Tolsma, Veenstra, de|Jong, Ypma, Heeringa, Lycklama à Nijeholt',
  ),
}
const turkish: Origin = {
  weight: 10,
  boy: words('Emir, Yiğit, Kerem, Ömer, Eren, Kaan, Mert, Deniz, Çağlar, Umut, Baran, Efe, Yusuf, Alp'),
  girl: words('Elif, Zeynep, Defne, Azra, Ecrin, Nisa, Büşra, Selin, Derya, Ceren, İpek, Melis, Eylül, Gül'),
  family: words(
    'Yılmaz, Kaya, Demir, Şahin, Çelik, Yıldız, Öztürk, Aydın, Özdemir, Arslan, Doğan, Kılıç, Aslan, Çetin, Koç, Kurt, Erdoğdu, Güneş',
  ),
}
const moroccan: Origin = {
  weight: 11,
  boy: words('Adam, Mohamed, Yassin, Ilias, Amine, Bilal, Zakaria, Ayoub, Rayan, Anas, Younes, Sami, Imran, Ismaël'),
  girl: words('Amira, Yasmine, Salma, Inaya, Nour, Hafsa, Aya, Malak, Safae, Ikram, Dounia, Lina, Imane, Soumaya'),
  family: words(
    'el|Amrani, el|Idrissi, Benali, Bouzidi, el|Haddaoui, Ouali, Amezian, Chaouch, el|Yaakoubi, Azzouzi, Bennani, el|Khattabi, Tahiri, Ziani, Aït|Baha, Oulad|Hadj, Mansouri, Lahlali',
  ),
}
const surinamese: Origin = {
  weight: 7,
  boy: words('Jayden, Ryan, Dylano, Giovanni, Ravi, Vishal, Shailesh, Kenneth, Xavier, Rishi, Quincy, Orlando'),
  girl: words('Anjali, Priya, Shanaya, Cheyenne, Gwendolyn, Jaïrah, Naomi, Roshni, Soraya, Mavis, Kimora, Xaviera'),
  family: words(
    'Sewnath, Pinas, Ramdin, Kromowidjojo, Biharie, Autar, Wijngaarde, Doekhi, Soekhoe, Jagesar, Cruden, Vrede, Ligtveld, Tjon A|Joe, Zeefuik, Mangal',
  ),
}
const polish: Origin = {
  weight: 6,
  boy: words('Jakub, Szymon, Antoni, Filip, Kacper, Wojciech, Mikołaj, Stanisław, Tymon, Oskar'),
  girl: words('Zofia, Maja, Hanna, Julia, Oliwia, Lena, Wiktoria, Aleksandra, Małgorzata, Kinga'),
  family: words(
    'Nowak, Kowalczyk, Wiśniewska, Wójcik, Kamińska, Lewandowska, Zielińska, Szymańska, Woźniak, Dąbrowska, Kozłowska, Mazur',
  ),
}
const elsewhere: Origin = {
  weight: 4,
  boy: words('Amanuel, Omar, Danylo, Thiago, Wei, Noël, Kofi'),
  girl: words('Selam, Rahaf, Sofiia, Beatriz, Mei, Ama, Chimamanda'),
  family: words(
    "Tesfay, al|Hamwi, Kovalenko, dos|Santos, Zhang, Mensah, O'Connor, Haddad, Nguyen, Okonkwo-Bakker, D'Angelo",
  ),
}

const origins = [dutch, frisian, turkish, moroccan, surinamese, polish, elsewhere].map(
  origin => [origin, origin.weight] as const,
)

/** `voorvoegsel` has at most 10 characters in EDEXML. */
export function splitFamily(written: string): { familyNamePrefix?: string; familyName: string } {
  const [prefix, family] = written.split('|')
  return family === undefined ? { familyName: prefix ?? '' } : { familyNamePrefix: prefix ?? '', familyName: family }
}

export function randomName(random: Random, sex: Sex): PersonName {
  const origin = random.weighted(origins)
  const givenName = random.pick(origin[sex])
  const more = random.chance(0.3) ? [random.pick(origin[sex])] : []
  const firstNames = [givenName, ...more.filter(name => name !== givenName)].join(' ')
  return { givenName, firstNames, initials: initialsOf(firstNames), ...randomFamily(random, origin) }
}

/** One in twenty-five has two names: the second one keeps its prefix, as in `Jansen-van den Berg`. */
function randomFamily(random: Random, origin: Origin) {
  const first = splitFamily(random.pick(origin.family))
  if (!random.chance(0.04)) return first
  const second = random.pick(random.weighted(origins).family).replace('|', ' ')
  return second === first.familyName ? first : { ...first, familyName: `${first.familyName}-${second}` }
}

/** Without dots, at most six: `Ismaël Hassan` → `IH`. */
export function initialsOf(firstNames: string): string {
  return firstNames
    .split(/[ -]/)
    .map(part => part.charAt(0).toLocaleUpperCase('nl'))
    .join('')
    .slice(0, 6)
}

/** As one says it: `Amira el Idrissi`; only a called name: `Bo`. */
export function spokenName(name: PersonName): string {
  return [name.givenName ?? name.initials, name.familyNamePrefix, name.familyName].filter(Boolean).join(' ')
}

/** `Zoë van den Berg` → `zoe.vandenberg`, for user names and addresses. */
export function plainLetters(text: string): string {
  return text
    .toLocaleLowerCase('nl')
    .replace(/[ıłøßæœđ]/g, letter => ({ ı: 'i', ł: 'l', ø: 'o', ß: 'ss', æ: 'ae', œ: 'oe', đ: 'd' })[letter] ?? letter)
    .normalize('NFD')
    .replace(/[^a-z0-9.]/g, '')
}

export function userNameOf(name: PersonName): string {
  const family = `${name.familyNamePrefix ?? ''}${name.familyName ?? ''}`
  return plainLetters([name.givenName ?? name.initials ?? '', family].filter(Boolean).join('.'))
}
