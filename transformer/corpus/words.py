"""The words of the built-in corpus: tables only, one French word to one English word.

A noun has a *kind*; a verb lists the kinds it acts on and an adjective the kinds it
describes, so that nobody drives an apple. Written for the course.
"""

# French word, gender, English word; `*` marks a word used in the singular only.
NOUNS = {
    "child": "garçon m boy, fille f girl, enfant m child",
    "adult": "homme m man, femme f woman, roi m king, reine f queen, soldat m soldier, "
    "étudiant m student, étudiante f student, héros m hero, maire m mayor",
    "friend": "ami m friend, amie f friend",
    "role": "voisin m neighbour, voisine f neighbour, médecin m doctor, "
    "professeur m teacher, avocat m lawyer, avocate f lawyer",
    "kin": "frère m brother, sœur f sister, oncle m uncle, tante f aunt, "
    "cousin m cousin, cousine f cousin, neveu m nephew, nièce f niece, fils m son, "
    "mère f mother*, père m father*, mari m husband*, grand-mère f grandmother*",
    "animal": "chat m cat, chien m dog, cheval m horse, oiseau m bird, lapin m rabbit",
    "food": "pomme f apple, orange f orange, poire f pear, œuf m egg, tomate f tomato, "
    "fraise f strawberry",
    "dish": "gâteau m cake, salade f salad, omelette f omelette, tarte f pie",
    "staple": "pain m bread, fromage m cheese, riz m rice, viande f meat, "
    "chocolat m chocolate",
    "drink": "eau f water, lait m milk, café m coffee, thé m tea, vin m wine",
    "book": "livre m book, roman m novel, journal m newspaper, "
    "dictionnaire m dictionary",
    "letter": "lettre f letter, poème m poem, article m article, histoire f story",
    "clothes": "robe f dress, manteau m coat, chapeau m hat, chemise f shirt, "
    "écharpe f scarf",
    "small": "clé f key, montre f watch, téléphone m phone, bague f ring",
    "bag": "sac m bag, valise f suitcase, boîte f box, parapluie m umbrella",
    "device": "ordinateur m computer, lampe f lamp, horloge f clock, guitare f guitar",
    "furniture": "table f table, chaise f chair, lit m bed, armoire f wardrobe",
    "car": "voiture f car, camion m truck, autobus m bus",
    "cycle": "vélo m bicycle, moto f motorcycle",
    "boat": "bateau m boat, avion m plane",
    "house": "maison f house, château m castle, hôtel m hotel, appartement m apartment",
    "public": "école f school, église f church, musée m museum, "
    "université f university, bibliothèque f library, "
    "hôpital m hospital, théâtre m theatre",
    "nature": "montagne f mountain, rivière f river, lac m lake, île f island, "
    "forêt f forest, plage f beach",
    "opening": "porte f door, fenêtre f window",
    "picture": "photo f photo, tableau m painting",
    "plant": "fleur f flower, arbre m tree",
    "room": "jardin m garden, cuisine f kitchen, bureau m office, chambre f bedroom",
}
PEOPLE = ("child", "adult", "friend", "role", "kin")
OLDER = ("père", "mère", "mari", "oncle", "tante", "grand-mère")
MASS = ("staple", "drink")
# What can be somebody's: "Paul 's car", "my car".
OWNED = (
    *("animal", "book", "clothes", "small", "bag", "device", "furniture", "car"),
    *("cycle", "boat", "house", "picture", "letter"),
)

# Masculine, feminine, English, comparative (- where English says "more"), kinds.
BEFORE_NOUN = """
grand grande big bigger house public nature furniture animal plant car boat
petit petite small smaller house car boat animal furniture bag dish book plant
beau belle beautiful - house public nature clothes picture plant animal boat
nouveau nouvelle new newer car cycle device clothes house book role friend
vieux vieille old older adult role friend house public car book clothes boat animal
jeune jeune young younger adult role animal
joli jolie pretty prettier clothes house plant picture
bon bonne good better dish book staple drink
"""
AFTER_NOUN = """
rouge rouge red - clothes car cycle boat bag
bleu bleue blue - clothes car cycle boat bag
vert verte green - clothes car cycle boat bag
noir noire black - clothes car cycle bag
blanc blanche white - clothes car boat house
jaune jaune yellow - clothes car cycle bag
gris grise grey - clothes car cycle bag
cher chère expensive - clothes car cycle device house bag furniture
français française French - adult role friend car book staple
anglais anglaise English - adult role car book
italien italienne Italian - adult role friend car book staple
japonais japonaise Japanese - adult role car book
célèbre célèbre famous - adult role public picture
intelligent intelligente intelligent - child adult role
honnête honnête honest - adult role
gentil gentille kind kinder child role
riche riche rich richer adult role
malade malade sick - child animal
triste triste sad sadder child letter
heureux heureuse happy happier child
utile utile useful - book device
intéressant intéressante interesting - book letter public
drôle drôle funny funnier book letter
"""
# Never beside the noun: after "être" only.
PREDICATE_ONLY = """
fatigué fatiguée tired - child adult role kin
ouvert ouverte open - opening
fermé fermée closed - opening
"""
# What is said of a named person or of a relative.
OF_PEOPLE = (
    *("vieux", "jeune", "célèbre", "intelligent", "honnête", "gentil", "riche"),
    *("malade", "triste", "heureux", "fatigué"),
)
# Never said after "être", and never compared.
ATTRIBUTE_ONLY = ("nouveau",)
NOT_COMPARED = (
    *("nouveau", "bon", "ouvert", "fermé", "français", "anglais", "italien"),
    *("japonais", "rouge", "bleu", "vert", "noir", "blanc", "jaune", "gris"),
)
# Pairs that are odd, or mean something else together.
NOT_BESIDE = {
    ("vieux", "étudiant"),
    ("vieux", "étudiante"),
}

# Infinitive; present of je, il, nous, ils; stem of the future; participle (these three
# empty when regular, in -er); English base and past (empty when regular); kinds of
# objects; flags:
#   habit     may be done "often"            with      may be done with somebody
#   place     may have a place beside it;    home: at home only
#   for       may be done for somebody
#   to        is given to somebody           state     past is the imperfect, no future
#   well      may be done well               indirect  has "à" before its object
#   etre      makes its past with "être"     daily     may be done every day
#   needs     is not without a receiver      sudden    is not planned: takes no modal
GOODS = (
    "food dish staple drink book clothes small bag device furniture car cycle boat "
    "house animal picture plant"
)
VERBS = """
visiter;;;;visit;public country city;habit with
manger;;;;eat ate;food dish staple;daily habit place with
préparer;;;;prepare;dish;home for with
fermer;;;;close;opening bag;
réparer;;;;repair;car cycle boat device;for with
laver;;;;wash;car cycle clothes food;home
porter;;;;wear wore;clothes;daily habit
dessiner;;;;draw drew;animal house nature plant;place for
trouver;;;;find found;small bag animal picture;place
chercher;;;;look+for;small bag animal people;place
casser;;;;break broke;device;sudden
cacher;;;;hide hid;small picture letter;place
regarder;;;;look+at;picture nature animal people;daily habit with
donner;;;;give gave;book plant small clothes;to needs
montrer;;;;show;picture book letter small;to needs
prêter;;;;lend lent;book car cycle small clothes bag;to needs
aimer;;;;love;people;state
aider;;;;help;people;daily habit
inviter;;;;invite;people;habit
remercier;;;;thank;people;
rencontrer;;;;meet met;people;daily habit place
écouter;;;;listen+to;people;daily habit place
saluer;;;;greet;people;habit place
travailler;;;;work;;daily habit place well with
chanter;;;;sing sang;;daily habit place well with
danser;;;;dance;;daily habit place well with
voyager;;;;travel travelled;;habit with
pleurer;;;;cry;;place sudden
acheter;achète achète achetons achètent;achèter;acheté;buy bought;GOODS;for
vendre;vends vend vendons vendent;vendr;vendu;sell sold;GOODS;to
boire;bois boit buvons boivent;boir;bu;drink drank;drink;daily habit place with
lire;lis lit lisons lisent;lir;lu;read read;book letter;daily habit place with
écrire;écris écrit écrivons écrivent;écrir;écrit;write wrote;letter;place for
ouvrir;ouvre ouvre ouvrons ouvrent;ouvrir;ouvert;open;opening bag;
conduire;conduis conduit conduisons conduisent;conduir;conduit;drive drove;car;\
daily habit
construire;construis construit construisons construisent;construir;construit;\
build built;house boat;for with
perdre;perds perd perdons perdent;perdr;perdu;lose lost;small bag;place sudden
choisir;choisis choisit choisissons choisissent;choisir;choisi;choose chose;\
clothes book dish plant;for with
envoyer;envoie envoie envoyons envoient;enverr;envoyé;send sent;letter picture book;to
voir;vois voit voyons voient;verr;vu;see saw;animal nature people picture;place
connaître;connais connaît connaissons connaissent;connaîtr;connu;know knew;people;state
attendre;attends attend attendons attendent;attendr;attendu;wait+for;people;place
appeler;appelle appelle appelons appellent;appeller;appelé;call;people;daily habit
dormir;dors dort dormons dorment;dormir;dormi;sleep slept;;daily habit place well
courir;cours court courons courent;courr;couru;run ran;;daily habit place with
répondre;réponds répond répondons répondent;répondr;répondu;answer;people;\
habit indirect
parler;;;;speak+to spoke;people;daily habit place indirect
""".replace("GOODS", GOODS)
MOTION_VERBS = """
aller;vais va allons vont;ir;allé;go went;;daily habit etre with
arriver;;;;arrive;;etre with sudden
rester;;;;stay;;etre with
venir;viens vient venons viennent;viendr;venu;come came;;etre
revenir;reviens revient revenons reviennent;reviendr;revenu;return;;etre
partir;pars part partons partent;partir;parti;leave left;;etre with
habiter;;;;live;;state with
"""
SPECIAL_VERBS = """
être;suis est sommes sont;ser;été;be was;;state
avoir;ai a avons ont;aur;eu;have had;;state
coûter;;;;cost cost;;
vouloir;veux veut voulons veulent;voudr;voulu;want;;
pouvoir;peux peut pouvons peuvent;pourr;pu;can could;;
devoir;dois doit devons doivent;devr;dû;must must;;
penser;;;;think thought;;
savoir;sais sait savons savent;saur;su;know knew;;
dire;dis dit disons disent;dir;dit;say said;;
croire;crois croit croyons croient;croir;cru;believe;;
aimer;;;;like;;state
"""
# Stems of the imperfect that are not those of "nous".
IMPERFECT = {"être": "ét", "avoir": "av"}
# A thing bought, found, …, and what is done with it next: "… et la porte".
NEXT = {
    "acheter": "manger boire lire porter laver montrer donner",
    "trouver": "cacher vendre montrer donner",
    "préparer": "manger",
    "écrire": "envoyer montrer cacher",
    "choisir": "acheter porter manger lire",
    "ouvrir": "fermer",
    "réparer": "vendre prêter",
}
# What one travels for: "va à Rome pour visiter le musée".
PURPOSES = (
    *("visiter", "acheter", "vendre", "voir", "rencontrer", "aider", "chercher"),
    *("remercier", "parler", "écouter"),
)

# Verbs of which one may say that somebody else did not do it to the same thing.
AGAIN = ("lire", "trouver", "choisir", "acheter", "ouvrir", "fermer", "laver")
# A verb and an adjective that do not go together on one thing.
ODD = (("construire", "vieux"), ("choisir", "malade"))

STATES = (("faim", "hungry"), ("soif", "thirsty"), ("froid", "cold"))
# Occupations said without an article: "Jane est pilote", "Jane is a pilot".
OCCUPATIONS = (
    "médecin médecin doctor, professeur professeur teacher, avocat avocate lawyer, "
    "étudiant étudiante student, pilote pilote pilot, boulanger boulangère baker, "
    "acteur actrice actor, ingénieur ingénieure engineer"
)
COUNTRIES = (
    "Afrique f Africa, France f France, Italie f Italy, Espagne f Spain, "
    "Allemagne f Germany, Chine f China, Égypte f Egypt, Inde f India, "
    "Irlande f Ireland, Hongrie f Hungary, Europe f Europe, Japon m Japan, "
    "Canada m Canada, Portugal m Portugal, Brésil m Brazil, Mexique m Mexico, "
    "Maroc m Morocco, Iran m Iran, États-Unis p the+United+States, "
    "Pays-Bas p the+Netherlands"
)
CITIES = (
    "Paris Paris, Londres London, Rome Rome, Lisbonne Lisbon, Berlin Berlin, "
    "Madrid Madrid, Moscou Moscow, Vienne Vienna, Athènes Athens, Genève Geneva, "
    "Oslo Oslo, Tokyo Tokyo"
)
# Where "à" leads, "at" in English: "au musée", "at the museum".
SITES = (
    "école f school, église f church, musée m museum, université f university, "
    "restaurant m restaurant, bibliothèque f library, hôpital m hospital, "
    "théâtre m theatre, hôtel m hotel, gare f station, marché m market, plage f beach"
)
# Where "dans" leads, "in" in English.
ROOMS = (
    "jardin m garden, cuisine f kitchen, bureau m office, chambre f bedroom, "
    "parc m park, rue f street, forêt f forest, maison f house"
)
MONTHS = (
    "janvier January, février February, mars March, avril April, mai May, juin June, "
    "juillet July, août August, septembre September, octobre October, "
    "novembre November, décembre December"
)
DAYS = (
    "lundi Monday, mardi Tuesday, mercredi Wednesday, jeudi Thursday, vendredi Friday, "
    "samedi Saturday, dimanche Sunday"
)

# Each is a woman's or a man's only, and none begins with h or y, whose elision varies.
WOMEN = """
Jane Marie Alice Anna Claire Emma Julie Louise Sophie Irène Sarah Léa Inès Nadia Lucie
Olga Chloé Élodie Manon Agnès Nina Pauline Ursula Zoé Fatima Émilie Laura Odile Mélanie
Rita Adèle Agathe Aïcha Alexandra Alina Amandine Amélie Amina Amira Anaïs Angèle
Angélique Anita Annabelle Annette Annick Antoinette Apolline Ariane Armelle Astrid
Audrey Aurélie Aurore Barbara Béatrice Bénédicte Bernadette Berthe Bianca Brigitte
Bérénice Capucine Carla Carmen Caroline Catherine Cécile Céleste Céline Chantal Charlène
Charlotte Christelle Christine Clara Clarisse Clémence Clotilde Coline Colette Constance
Coralie Corinne Cosima Cynthia Daphné Déborah Delphine Denise Diane Dora Dorothée Edith
Elena Éliane Elina Élisa Élise Elsa Elvire Emmanuelle Ella Erika Estelle Esther Eugénie
Eva Éléonore Fabienne Fanny Fanta Faustine Félicie Flavie Flora Francine Françoise Frida
Gabrielle Gaëlle Geneviève Georgette Gisèle Gloria Greta Ingrid Inga Iris Isabelle
Isadora Jacqueline Jeanne Jessica Joséphine Josette Judith Juliette Justine Karine Katia
Laetitia Laure Laurène Léna Léonie Liliane Lila Linda Lisa Lola Lucienne Ludivine Lydia
Madeleine Magali Marcelle Margot Marguerite Marina Marion Marlène Marthe Mathilde Mina
Miriam Monique Muriel Mia Nadège Naomi Natacha Nathalie Nicole Nora Océane Olivia Ondine
Ophélie Paola Patricia Paulette Perrine Raïssa Rachel Raphaëlle Rebecca Renata Rosa
Rosalie Roxane Sabine Salomé Sandra Sandrine Ségolène Séverine Simone Solange Sonia
Stéphanie Suzanne Sylvie Tamara Tania Tatiana Thérèse Tina Valentine Valérie Vanessa
Vera Véronique Violaine Virginie Viviane Wanda Zélie Zora
"""
MEN = """
Paul Pierre Antoine Omar Louis Nicolas Éric Thomas Karim Julien Adam David Étienne Marc
Simon Alain Lucas Olivier Victor Arthur Daniel Émile Bruno Ivan Robert Gustave Oscar
Félix Ali Max Abel Achille Adrien Ahmed Alban Albert Alexandre Alfred Alphonse Amadou
Ambroise Anatole André Anselme Aristide Armand Arnaud Arsène Auguste Augustin Aurélien
Baptiste Barnabé Basile Bastien Benjamin Benoît Bernard Bertrand Blaise Boris Boubacar
Brice Carlos Cédric Célestin Charles Christian Christophe Clément Clovis Corentin
Cyprien Cyril Damien Denis Didier Diego Dimitri Donatien Edgar Edmond Édouard Éloi
Emeric Emmanuel Ernest Erwan Esteban Eugène Fabien Fabrice Ferdinand Fernand Firmin
Florent Florian François Frank Franz Frédéric Gabin Gabriel Gaëtan Gaspard Gaston
Gauthier Georges Gérald Gérard Ghislain Gilbert Gilles Grégoire Guillaume Guy Igor Isaac
Isidore Ismaël Jacob Jacques Jamel Jérémie Jérôme Joachim Joël Jonas Jonathan Joseph
Jules Justin Kevin Khaled Killian Lambert Laurent Lazare Léo Léon Léonard Léopold Lionel
Loïc Luc Lucien Ludovic Malik Malo Mamadou Manuel Marcel Marius Martial Martin Mathieu
Mathis Mathurin Maurice Maxence Maxime Michel Mehdi Milo Mohamed Moïse Moussa Nassim
Nathan Nelson Noah Norbert Octave Oleg Pablo Pascal Patrice Patrick Philippe Quentin
Rachid Raoul Raphaël Raymond Rémi René Richard Rodolphe Rodrigue Roger Roland Romain
Romuald Ruben Salim Samir Samuel Sébastien Serge Séraphin Siméon Stanislas Stéphane
Sylvain Tarik Théodore Théo Théophile Thibault Thierry Timothée Tristan Ulysse Urbain
Valentin Valère Vincent Vladimir Walter William Xavier
"""
