/**
 * The words of the receipt codes. Our own list: short, kind Dutch words that a child knows or can spell by ear, no two of which differ by one
 * letter or sound alike; no names, nothing painful, nothing about bodies or belief. A test holds all of that which a machine can see.
 *
 * Part of what is stored: a word that goes or moves changes the words of reports whose answer is asked for again. Add none, take none away;
 * another list needs another fingerprint field (connector/store/fingerprints.ts).
 */
export const receiptWords: readonly string[] = `
aalbes aardbei abrikoos achtbaan agaat agenda akelei albatros album alpaca amandel ananas andijvie anijs ansjovis antenne antilope appel
applaus aquarium arcade arend artisjok asperge aster atelier atlas augurk auto avocado avond avontuur azalea azuur baan badeend badstof
bakblik bakfiets bakje bakplaat baksteen ballet ballon banjo bankstel barbecue barrel bassin batterij baviaan beekje beeld beertje
begonia beige beitel belofte beluga bento beo bergbeek berging bergpas bergtop beschuit bever bezem bezoek bieslook biet bij bijenwas
biljart bioscoop biscuit bizon blaadje blad blauw blazer blender blijheid bloeien bloembed bloemist bloempot bloes bloesem blokje
blusboot boek bofkont bolletje bolster bonbon boogje boomhuis boomhut boompje boon bord bordspel borstel bosbes bospad bosrand bosuil
boterham botsauto bouwer bouwland bowlen braam brief broccoli broeikas brok brommer brons brood brug bruinvis bruis buffel buizerd
bultrug bundel bungalow bus buurt cactus cadeau cake camera camper caravan cashew cavia ceintuur chip chocola chocomel cijfer cilinder
cipres cirkel citroen citrus computer concert confetti contact cracker cricket dadel dagboek dakgoot dakpan dakraam dambord dammen dans
dapper dartbord december decor deegrol dekbed deken deksel delta denappel dessert deur deurbel deurmat diepzee dieren diertje dille
dinsdag disco distel dolfijn dolomiet domino donut doolhof doos dorp douche draad draagtas drempel driehoek drieling dromen drone
druiven drumstel druppel duikboot duikbril duimstok duin duinmeer duizend dwarrel dweil dynamo echo edammer eekhoorn eend eetzaal egel
eikel eland elastiek element email emmer emoe emoji energie envelop erwt esdoorn ezelsoor fabel falafel fanfare fazant februari feniks
feta fiets fietsbel fietspad film flamingo flanel flensje fles flits fluister fluit fluweel folder fonkel fontein fornuis fossiel foto
framboos frietje frietzak fris fruitsla fuut gaai galerij garage garen gazelle gazon gebak gebergte gebouw gedicht gelei geluk gember
geranium gerbil gezang gezellig gids gieter giraf gitaar glas glasbak glijbaan glimlach glimworm glinster globe gloed glooiing golf
golfbal gordel gordijn goud goudgeel goudstuk goudvink grafiek granola grap grasduin graspol grasveld groente grot guppy haarband haas
hagedis halfrond halsband halte hamer hamster handbal handdoek handig handtas handwerk hanger hangmat harp haspel haven hazelaar
hazenpad heelal heerlijk helm herder herfst hert hinkelen hobo hockey hoed hoekhuis hoepel hommel honing honkbal hoogte hooiberg
hooimijt hoop hoorn horizon horloge houten houtsnip houtvuur huifkar huis hummus huppel hutspot idee iglo ijsbaan ijsbeer ijsberg
ijsbloem ijsco ijsje ijskar ijskast ijsklont ijspegel ijsthee ijsvloer ijsvogel indigo inkt inktpen insect jaar jaartal jam januari
jasje jeep jojo juichen jungle jurk jutter juweel kaaiman kaars kaarten kachel kajak kajuit kakatoe kalender kalfje kalk kalmte kameel
kameleon kamgaren kamille kampioen kampvuur kanaal kanarie kano kantine kantklos kantoor kapstok karaf karamel karaoke karpet karton
kast kastanje kasteel katern katrol kauwgom kegelen kerkuil kers kervel ketel ketting keuken kievit kiezel kijkdoos kikker kimono kiosk
kiwi klaproos klarinet klauter klaver kleed klei kleiblok kleur klimboom klimmuur klimop klimrek klimtouw klinker klokhuis klomp klos
kluut knikkers knisper knoflook knolraap knoop knus knutsel koala koeken koekje koekoek koelbox koelkast koffer koffie kokkel kolibrie
kom komeet kompas konijn kookboek kookpot koolmees kopje koraal korenaar korfbal kostbaar kraai krabbel krat krekel kristal krokant
krokus kruiden kruimel kubus kuiken kunst kwark kwartel kwarts kweepeer kwispel laagland labrador lach ladder laken lama lampion lampje
landgoed landhuis landing landweg langzaam lantaarn laptop lasagne lavendel leem leerling leesboek leesclub leesuur leeszaal lenig lepel
leuk lezen libel lichtje liedboek liedje lijntje limoen limonade liniaal lint linzen lisdodde liter loempia logboek lolly loofbos lucht
luchtbal luchtbed luik luipaard lunch maaltijd maandag macaroni magisch magneet mais maisveld manchet mandje mango mangrove mantel
maraca marmer marmot matje matras medaille meekrap meerkoet meetlint meeuw meidoorn melk melkweg melodie meloen memory metro meubel
middag mier mijlpaal minuut mist moedig moeras moestuin mokka molen mooi mosgroen motor muesli muffin munt museum muts muurtje muzikaal
naaidoos namiddag narcis natuur nectar nest nietje noedels noga noorden nootjes november oase oceaan ochtend oefenen oefening okapi
oktober olie oliebol oliekan ontbijt oogst ooievaar oorring oosten opruimen optelsom oranje orchidee ordner oregano orgel orgelman
origami orka orkest otter oven paard pakket paleis palm palmboom palmtak pan panda paneel papaja papaver papegaai papier paprika parade
paraplu parfum parkbank parkiet pasta pauw pauze pedaal peer peluche perensap pergola perk perron perzik piano pianoles picknick
pijnboom pilaar piloot pioen pittig pixel pizza plaatje plafond plakband plakboek planeet plastic plataan plein plezier ploeg pluizig
plukje poedel poema polsband pomp pontje pony poolster poort popcorn popster postbode postzak pot potgrond potlood prachtig prentje
pretpark prikbord printer project pruim pudding puntmuts puzzel pyjama raadsel raampje raapzaad rabarber radijs radio rankje ransuil
ravioli ravotten reepje regen regenjas regenton reisgids reizen rekenen rekenles renbaan rendier rietveld rijst ritme ritmisch rits
rivier robot roeiboot roltrap ronddans room roosje rooster rotonde route roze rozijn rucola rugzak ruiker ruilen ruit rustig saffraan
salsa samba sandaal sandwich sap satijn sauna savanne savooi saxofoon schaapje schaats schaken schat schelp schepje schets schildje
schitter schoen schoener schort schotel schrift schroef schuim schuur scooter seconde serie servies shampoo shirt sieraad sjaal skate
skeeler skelter ski slaapzak slagroom slee sleutel slim slinger slipper slot sluis smaragd smid snavel sneaker sneeuw snelheid snelweg
snip snoepje snoer snorkel snorren soep sofa sombrero sonate sorbet spaak spaander spaarpot spade spatel specerij specht spelbord spelen
spelling spetter spiegel spijker spinazie spiraal spons spoor sportdag sporten sprankel spreeuw spreuk springen sprint sproeier sprookje
stadhuis stadion stapje start steen stekje stekker stelten stift stilte stoel stoffer straal strand streep stroop struikje surfen sushi
tablet tafereel tandem tandwiel tang tapdans tapijt tarwe tas taxi teamwerk tekening tekenpen telefoon tennis theater thee theedoek
thermos tijger tijm timmeren titel toast tochtje toekan toendra toffee tol tomaat tompoes toneel topaas toren toverbal tractor tram
trapper trein triangel trippel trombone trommel trompet trui tuba tuimel tuinboon tuinhek tuinhuis tuinkers tuinpad tuinwerk tulp
turkoois turnen tweeling twijg uil uitkijk uitstap uitzicht vaatdoek vakantie vallei vanille veegblik veenbes veenmos veerboot veldbed
veldfles veldmuis veldsla velduil venster veranda verf verhaal versje vertel veter viaduct vierling vijg vijzel vitamine vla vleugel
vlieger vlierbes vlinder vloer vlug voeding voetbal voetpad voetstap vogels vogeltje voordeur voorjaar voorstel vredig vriendje vrijdag
vrijheid vrolijk vulpen waaier wafel wagen walnoot wandelen wandklok wasbak wasbeer waslijn wasmand wasrek waterbel waterijs waterrad
waterval watervlo web weegbree week weekend weerhaan weetjes weggetje weide wekker welkomst wens wereld wiel wijzer wimpel windjack
windstil windvaan winkel winter wiskunde witlof woensdag woestijn wolk wombat wonder woonboot woonwijk wortel yucca zaaien zaklamp
zaklopen zand zandbak zandpad zaterdag zebrapad zeef zeehond zeekoe zeeleeuw zeelucht zeemleer zeemos zeepaard zeepbel zeester zeewier
zeezout zeil zeilboot zilver zingen zitzak zomer zomerdag zon zondag zonlicht zorgzaam zoutvat zuurkool zwaan zwaluw zwemband zwemmen
`
  .trim()
  .split(/\s+/)
