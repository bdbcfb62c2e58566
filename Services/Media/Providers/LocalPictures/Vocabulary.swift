/// The words that pictures understand; each list reads "meaning: words".
enum Vocabulary {
    static let scenes: [String: SceneKind] = table([
        (.frozenLake, "ice,frozen lake,icy lake,glacier,fjord,ice rink,arctic,iceberg"),
        (.lake, "lake,pond,mountain lake,forest lake,lagoon,reservoir,loch,mirror lake"),
        (.sea, "sea,ocean,wave,sail,regatta,horizon,open water,high sea"),
        (
            .coast,
            "coast,beach,shore,seaside,cliff,bay,island,coastline,surf,seashore,cove,tide,dune beach"
        ),
        (
            .forest,
            "forest,wood,woods,woodland,jungle,pine,tree,grove,taiga,birch,redwood,rainforest,undergrowth"
        ),
        (
            .mountains,
            "mountain,alp,summit,peak,ridge,hill,valley,canyon,himalaya,hike,everest,crag"
        ),
        (.desert, "desert,dune,sand,sahara,mesa,badlands,oasis,wasteland,gobi,cactus"),
        (
            .rooftops,
            "rooftop,roof,skyline,cityscape,penthouse,skyscraper,terrace,balcony,metropolis,city skyline"
        ),
        (
            .street,
            "street,city,town,downtown,avenue,alley,sidewalk,boulevard,neon,urban,crosswalk,manhattan,tokyo,york,paris,london,chinatown,traffic,city street,market,plaza,square,shop,cyberpunk"
        ),
        (
            .room,
            "room,interior,kitchen,bedroom,office,cafe,café,library,house,home,living room,apartment,bar,restaurant,hotel,window,hallway,attic,museum,classroom,workshop,desk,loft"
        ),
        (
            .road,
            "road,highway,country road,lane,route,freeway,motorway,asphalt,roadside,trip,drive"
        ),
        (
            .snowfield,
            "snow,snow field,snowfield,tundra,winter,blizzard,snowdrift,ski,north pole,christmas"
        ),
        (
            .space,
            "space,moon,planet,mars,galaxy,star,cosmos,night sky,universe,nebula,milky way,orbit,asteroid,alien,starry sky,lunar"
        ),
        (.river, "river,waterfall,stream,creek,brook,rapid,cascade,gorge,bank,riverbank"),
        (
            .meadow,
            "meadow,field,farm,prairie,grassland,wheat,pasture,savanna,savannah,countryside,barn,sunflower,steppe,poppy,lavender,corn,plain,hay"
        ),
        (
            .harbour,
            "harbour,harbor,port,dock,pier,quay,marina,wharf,shipyard,jetty,fishing village"
        ),
        (
            .garden,
            "garden,park,orchard,courtyard,flower,rose,blossom,greenhouse,vineyard,backyard,cherry blossom,hedge,tulip,fountain,zen garden,temple"
        ),
        (
            .studio,
            "studio,product,backdrop,catalog,catalogue,packshot,showroom,pedestal,advert,advertisement,white background,commercial,plinth"
        ),
        (.underwater, "underwater,reef,coral,deep sea,seabed,diving,aquarium,kelp,submarine,scuba"),
    ])

    static let subjects: [String: SubjectKind] = table([
        (
            .person,
            "person,man,woman,traveller,traveler,hiker,wanderer,pilgrim,monk,dancer,musician,guitarist,fisherman,farmer,photographer,soldier,knight,samurai,wizard,witch,detective,hero,lover,couple,figure,stranger,people,human,lady,gentleman,grandmother,grandfather,mother,father,surfer,skier,runner,chef,artist,painter,singer,model,climber,nomad,silhouette,worker,businessman,nurse,doctor,ballerina,cowboy,explorer,shepherd,sailor,queen,king,teacher,writer,bride,barista,athlete,poet"
        ),
        (
            .child,
            "child,girl,boy,kid,baby,toddler,daughter,son,children,schoolgirl,schoolboy,student"
        ),
        (.fox, "fox,coyote,jackal,red panda,raccoon"),
        (.wolf, "wolf,husky,hyena"),
        (.dog, "dog,puppy,hound,terrier,retriever,labrador,shepherd dog,corgi,dachshund"),
        (.cat, "cat,kitten,tiger,lion,leopard,panther,lynx,puma,jaguar,cheetah"),
        (.horse, "horse,pony,stallion,mare,unicorn,zebra,donkey,camel,cow,bull"),
        (.deer, "deer,stag,elk,moose,reindeer,antelope,gazelle,doe,fawn,goat,sheep,giraffe"),
        (.bear, "bear,panda,grizzly,polar bear,elephant,boar"),
        (
            .bird,
            "bird,heron,crane,owl,eagle,crow,raven,swan,gull,seagull,hawk,falcon,pigeon,dove,stork,penguin,duck,parrot,flamingo,goose"
        ),
        (
            .car,
            "car,taxi,cab,truck,van,automobile,sedan,limousine,convertible,jeep,vehicle,pickup,old car,sports car,police car,bus,camper,racer"
        ),
        (.bicycle, "bicycle,bike,cyclist,motorcycle,motorbike,scooter,vespa"),
        (
            .boat,
            "boat,ship,sailboat,sailing boat,yacht,canoe,kayak,rowboat,vessel,ferry,galleon,raft"
        ),
        (.train, "train,tram,locomotive,railway,steam train,subway,metro,streetcar"),
        (.lighthouse, "lighthouse,tower,beacon,windmill"),
        (.robot, "robot,android,cyborg,mech,droid"),
        (.astronaut, "astronaut,cosmonaut,spaceman,spacewoman,spacesuit,space suit"),
        (.diver, "diver,scuba diver,snorkeler,snorkeller,frogman"),
        (
            .bag,
            "bag,handbag,backpack,purse,suitcase,tote,rucksack,leather bag,briefcase,jacket,shirt,hoodie,coat"
        ),
        (
            .bottle,
            "bottle,perfume,wine,whisky,whiskey,beer,vase,flask,lotion,serum,shampoo,jar,can"
        ),
        (.shoe, "shoe,sneaker,boot,trainer,sandal,heel,footwear"),
        (.cup, "cup,mug,coffee,tea,teacup,espresso,glass,bowl,teapot"),
        (.watch, "watch,wristwatch,clock,smartwatch,ring,jewellery,jewelry"),
        (.chair, "chair,armchair,stool,sofa,bench,throne,furniture"),
        (.lamp, "lamp,lantern lamp,desk lamp,candle,lightbulb"),
        (.book, "book,notebook,novel,diary,laptop,phone,smartphone,tablet"),
    ])

    /// Where a subject is at home when no place is named.
    static let homes: [SubjectKind: SceneKind] = [
        .child: .garden, .fox: .forest, .wolf: .snowfield, .dog: .meadow, .cat: .rooftops,
        .horse: .meadow, .deer: .forest, .bear: .river, .bird: .lake, .car: .road,
        .bicycle: .road, .boat: .sea, .train: .meadow, .lighthouse: .coast, .robot: .street,
        .astronaut: .space, .diver: .underwater,
        .bag: .studio, .bottle: .studio, .shoe: .studio, .cup: .room, .watch: .studio,
        .chair: .room, .lamp: .room, .book: .room,
    ]

    static let accessories: [String: SubjectAccessories] = table([
        (.hat, "hat,cap,fedora,helmet"), (.scarf, "scarf,shawl"),
        (.backpack, "backpack,rucksack,hiker"), (.umbrella, "umbrella,parasol,rain"),
        (.lantern, "lantern,torch,candle"), (.luggage, "luggage,suitcase"),
        (.balloon, "balloon,kite"),
        (.dress, "woman,lady,dress,gown,bride,queen,girl,mother,grandmother,dancer,ballerina"),
    ])

    static let moods: [String: String] = table([
        (
            "dramatic",
            "storm,stormy,epic,dramatic,battle,fierce,fire,thunder,chase,escape,danger,intense"
        ),
        (
            "peaceful",
            "calm,peaceful,quiet,serene,gentle,tranquil,still,soft,sleeping,resting,zen,slow,spring"
        ),
        (
            "mysterious",
            "mist,misty,fog,foggy,mystery,mysterious,haunted,ghost,strange,secret,hidden,lost,abandoned,enigmatic"
        ),
        (
            "nostalgic",
            "old,memory,childhood,vintage,retro,nostalgic,forgotten,autumn,grandmother,antique"
        ),
    ])

    static let lightings: [String: String] = table([
        (
            "golden_hour",
            "dawn,sunrise,sunset,golden,morning,evening,autumn,warm,sundown,daybreak,late afternoon"
        ),
        ("blue_hour", "dusk,twilight,blue hour,nightfall,gloaming,neon,cyberpunk"),
        ("high_key", "noon,midday,bright,sunny,white,day,daylight,summer,clean,product"),
        ("low_key", "night,midnight,dark,darkness,moonlight,moonlit,moon,shadow,noir,nocturnal"),
    ])

    static let colours: [String: UInt32] = [
        "red": 0xB3261E, "crimson": 0x991B2B, "scarlet": 0xC22A1B, "orange": 0xD9721E,
        "yellow": 0xE3B62C, "golden": 0xC9962E, "gold": 0xC9962E, "green": 0x3F7D4A,
        "emerald": 0x1F7A55, "olive": 0x6B6B34, "teal": 0x1F7A80, "turquoise": 0x35A5A0,
        "blue": 0x2B5C9E, "navy": 0x1E2E55, "purple": 0x67418F, "violet": 0x7A4FA3,
        "pink": 0xD67A9B, "brown": 0x6E4A2F, "black": 0x1C1C20, "white": 0xE8E4DC,
        "grey": 0x84878C, "gray": 0x84878C, "silver": 0xB4B8BE, "beige": 0xCDB994,
        "cream": 0xE6DBBE, "copper": 0xA65E3A,
    ]

    static let travellers: Set<String> = [
        "traveller", "traveler", "hiker", "wanderer", "pilgrim", "explorer", "nomad", "climber",
    ]
    static let rowing: Set<String> = [
        "row", "rowing", "rowboat", "canoe", "kayak", "raft", "dinghy",
    ]
    static let moving: Set<String> = [
        "walking", "crossing", "running", "standing", "travelling", "flying", "hunting", "walk",
        "run", "cross", "trotting", "leaping", "wandering", "howling",
    ]
    static let still: Set<String> = ["sitting", "resting", "grazing", "waiting", "dancing", "sit"]
    static let frozen: Set<String> = [
        "frozen", "ice", "icy", "snow", "snowy", "winter", "frost", "frosty", "snowing",
    ]
    static let cityLife: Set<String> = [
        "night", "neon", "crowd", "modern", "future", "business", "jazz", "music", "party", "rain",
    ]

    private static func table<Value>(_ rows: [(Value, String)]) -> [String: Value] {
        var result: [String: Value] = [:]
        for (value, words) in rows {
            for word in words.split(separator: ",") where result[String(word)] == nil {
                result[String(word)] = value
            }
        }
        return result
    }
}
